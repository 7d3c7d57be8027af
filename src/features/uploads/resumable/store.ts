import type { TenantTx } from '#platform/db/database.ts'

/** Whether the tenant of the transaction is served at all. */
export async function isActive(tx: TenantTx): Promise<boolean> {
  return (await tx.selectFrom('tenants').select('is_active').executeTakeFirst())?.is_active === true
}

/** Resumable uploads of the tenant that are neither finished nor swept away. */
export async function countOpen(tx: TenantTx): Promise<number> {
  const { open } = await tx
    .selectFrom('uploads')
    .select((eb) => eb.fn.countAll<string>().as('open'))
    .where('kind', '=', 'resumable')
    .where('finished_at', 'is', null)
    .executeTakeFirstOrThrow()
  return Number(open)
}
