import type { Database } from './database.ts'
import { readMigrations } from './migrate.ts'

export type Installation = { id: string; secret: Buffer }

/** What this installation has once. The secret signs what clients carry back to us. */
export async function readInstallation(db: Pick<Database, 'statement'>): Promise<Installation> {
  const [row] = await db.statement<Installation>('installation', 'SELECT id, secret FROM installation', [])
  if (row === undefined) throw new Error('The database has no installation row; run course-supporter migrate.')
  return row
}

/** Throws an Error that says what to do when the database is older than this program. A newer one is fine. */
export async function requireMigrated(db: Pick<Database, 'pool'>, folder: string): Promise<void> {
  const { rows } = await db.pool.query<{ present: boolean }>(
    `SELECT to_regclass('public.schema_migrations') IS NOT NULL AS present`,
  )
  const applied = rows[0]?.present
    ? (await db.pool.query<{ name: string }>('SELECT name FROM schema_migrations')).rows
    : []
  const names = new Set(applied.map(({ name }) => name))
  const missing = (await readMigrations(folder)).filter(({ name }) => !names.has(name))
  if (missing.length > 0)
    throw new Error(`The database lacks ${missing.length} migrations; run course-supporter migrate first.`)
}
