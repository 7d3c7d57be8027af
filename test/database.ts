import { randomBytes } from 'node:crypto'
import pg from 'pg'
import { inject } from 'vitest'
import { type DatabaseUrls, databaseUrls, ROLES, TEMPLATE } from './template.ts'

export type TestDatabase = { name: string; urls: DatabaseUrls; drop(): Promise<void> }

/**
 * A database of one's own, cloned from the migrated template, or from another one to which nobody is connected, as from its backup.
 * `drop` fails when somebody still holds a connection to it.
 */
export async function cloneDatabase(template = TEMPLATE): Promise<TestDatabase> {
  const superuserUrl = inject('superuserUrl')
  const name = `test_${randomBytes(6).toString('hex')}`
  await query(superuserUrl, `CREATE DATABASE ${name} TEMPLATE ${template} OWNER ${ROLES.owner.name}`)
  await query(superuserUrl, `REVOKE ALL ON DATABASE ${name} FROM PUBLIC`)
  await query(superuserUrl, `GRANT CONNECT ON DATABASE ${name} TO ${ROLES.app.name}, ${ROLES.queue.name}`)
  return opened(superuserUrl, name)
}

/** One with nothing in it, which belongs to the superuser. */
export async function emptyDatabase(): Promise<TestDatabase> {
  const superuserUrl = inject('superuserUrl')
  const name = `test_${randomBytes(6).toString('hex')}`
  await query(superuserUrl, `CREATE DATABASE ${name}`)
  return opened(superuserUrl, name)
}

function opened(superuserUrl: string, name: string): TestDatabase {
  return {
    name,
    urls: databaseUrls(superuserUrl, name),
    drop: async () => {
      const leaked = await waitForNoSessions(superuserUrl, name)
      await query(superuserUrl, `DROP DATABASE ${name} WITH (FORCE)`)
      if (leaked.length > 0) throw new Error(`Connections were left open: ${leaked.join(' | ')}`)
    },
  }
}

/** One statement past all row-level security, for what no other way allows. */
export function queryAsSuperuser<R extends pg.QueryResultRow>(
  { urls }: TestDatabase,
  text: string,
  values?: unknown[],
) {
  return query<R>(urls.superuser, text, values)
}

// A closed connection takes the server a moment to forget.
async function waitForNoSessions(superuserUrl: string, name: string): Promise<string[]> {
  for (let attempt = 0; ; attempt++) {
    const rows = await query<{ query: string }>(superuserUrl, 'SELECT query FROM pg_stat_activity WHERE datname = $1', [
      name,
    ])
    if (rows.length === 0 || attempt >= 50) return rows.map((row) => row.query)
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

async function query<R extends pg.QueryResultRow>(url: string, text: string, values: unknown[] = []): Promise<R[]> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    return (await client.query<R>(text, values)).rows
  } finally {
    await client.end()
  }
}
