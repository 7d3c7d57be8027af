import type { TenantTx } from '#platform/db/database.ts'

/** The submission whose bytes these are. */
export async function submissionOfObject(tx: TenantTx, objectKey: string): Promise<string | undefined> {
  const row = await tx.selectFrom('submissions').select('id').where('object_key', '=', objectKey).executeTakeFirst()
  return row?.id
}

export const hasObject = async (tx: TenantTx, objectKey: string) =>
  (await submissionOfObject(tx, objectKey)) !== undefined
