import { sql } from 'kysely'
import type { TenantTx } from './database.ts'

/** Never leave the database, not even to their owner. */
const SECRET_COLUMNS = new Set(['key_hash'])

const BATCH = 1_000

export type RowBatch = { table: string; lines: Record<string, unknown>[] }

/** Every row of the transaction's tenant, table by table, in batches: the tables are found in the catalog, so that none is forgotten. */
export async function* tenantRows(tx: TenantTx): AsyncGenerator<RowBatch> {
  for (const table of await tenantTables(tx)) {
    for (let offset = 0; ; offset += BATCH) {
      const { rows } = await sql<{ row: Record<string, unknown> }>`
        SELECT to_jsonb(t) AS row FROM ${sql.table(table)} AS t ORDER BY t.ctid LIMIT ${BATCH} OFFSET ${offset}`.execute(
        tx,
      )
      if (rows.length > 0) yield { table, lines: rows.map(({ row }) => withoutSecrets(row)) }
      if (rows.length < BATCH) break
    }
  }
}

/** The tables that hold tenant data: `tenants` itself, and all that have a `tenant_id`. */
export async function tenantTables(tx: TenantTx): Promise<string[]> {
  const { rows } = await sql<{ name: string }>`
    SELECT c.relname AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p') AND (c.relname = 'tenants' OR EXISTS (
      SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'tenant_id' AND NOT a.attisdropped))
    ORDER BY c.relname`.execute(tx)
  return rows.map(({ name }) => name)
}

const withoutSecrets = (row: Record<string, unknown>) =>
  Object.fromEntries(Object.entries(row).filter(([column]) => !SECRET_COLUMNS.has(column)))
