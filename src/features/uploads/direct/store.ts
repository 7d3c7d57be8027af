import type { TenantTx } from '#platform/db/database.ts'

/** Direct uploads of the tenant that are neither finished nor swept away. */
export async function countOpen(tx: TenantTx): Promise<number> {
  const { open } = await tx
    .selectFrom('uploads')
    .select((eb) => eb.fn.countAll<string>().as('open'))
    .where('kind', '=', 'direct')
    .where('finished_at', 'is', null)
    .executeTakeFirstOrThrow()
  return Number(open)
}
