import { sql } from 'kysely'
import type { TenantTx } from './database.ts'

/** Never leave the database, not even to their owner: secrets, and what only the object store understands. */
const SECRET_COLUMNS = ['key_hash', 'partial', 'secret']

const BATCH = 500

/** One row of a table, as the JSON that PostgreSQL makes of it: numbers of any size stay exact. */
export type TenantRow = { table: string; json: string }

/**
 * Every row of the transaction's tenant, in batches, all as they were at one moment. The tables are found in the catalog, so that
 * none is forgotten.
 */
export async function* tenantRows(tx: TenantTx): AsyncGenerator<TenantRow[]> {
  const secrets = sql.join(
    SECRET_COLUMNS.map((column) => sql`- ${sql.lit(column)}::text`),
    sql` `,
  )
  const tables = (await tenantTables(tx)).map(
    (table) =>
      sql`SELECT ${sql.lit(table)} AS "table", (to_jsonb(t) ${secrets})::text AS json FROM ${sql.table(table)} AS t`,
  )
  // One statement sees one moment, and its cursor goes on seeing it.
  await sql`DECLARE tenant_rows NO SCROLL CURSOR FOR ${sql.join(tables, sql` UNION ALL `)}`.execute(tx)
  for (;;) {
    const { rows } = await sql<TenantRow>`FETCH ${sql.lit(BATCH)} FROM tenant_rows`.execute(tx)
    if (rows.length === 0) break
    yield rows
  }
  await sql`CLOSE tenant_rows`.execute(tx)
}

/** The tables that hold tenant data: `tenants` itself, and all that have a `tenant_id`. */
export async function tenantTables(tx: TenantTx): Promise<string[]> {
  const { rows } = await sql<{ name: string }>`
    SELECT c.relname AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p') AND NOT c.relispartition AND (c.relname = 'tenants' OR EXISTS (
      SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'tenant_id' AND NOT a.attisdropped))
    ORDER BY c.relname`.execute(tx)
  return rows.map(({ name }) => name)
}
