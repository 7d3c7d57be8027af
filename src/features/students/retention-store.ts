import { sql } from 'kysely'
import type { OperatorTx, TenantTx } from '#platform/db/database.ts'

export type Retention = { tenantId: string; days: number }

export async function retentions(tx: OperatorTx): Promise<Retention[]> {
  return tx.selectFrom('tenants').select(['id as tenantId', 'submissions_days as days']).orderBy('id').execute()
}

/** How many submissions are older than so many days. */
export async function countOldSubmissions(tx: TenantTx, days: number): Promise<number> {
  const { rows } = await sql<{ count: number }>`
    SELECT count(*)::int AS count FROM submissions WHERE created_at < now() - make_interval(days => ${days})`.execute(
    tx,
  )
  return rows[0]?.count ?? 0
}

/** Deletes at most `limit` submissions that are older than so many days, the oldest first. Returns whose they were, one for each. */
export async function deleteOldSubmissions(tx: TenantTx, days: number, limit: number): Promise<string[]> {
  const { rows } = await sql<{ id: string }>`
    DELETE FROM submissions WHERE id IN (
      SELECT id FROM submissions WHERE created_at < now() - make_interval(days => ${days})
      ORDER BY created_at LIMIT ${limit})
    RETURNING student_id AS id`.execute(tx)
  return rows.map(({ id }) => id)
}
