import pg from 'pg'
import type { TestApp } from './app.ts'
import { until } from './build.ts'

/** Changes the database in a transaction that is committed only once `work` waits for it: what came between its look and its deed. */
export async function whileHeld<T>({ database }: TestApp, change: string, work: () => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: database.urls.superuser })
  await client.connect()
  try {
    await client.query('BEGIN')
    await client.query(change)
    const working = work()
    await until(
      () => client.query('SELECT FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY (pg_blocking_pids(pid))'),
      ({ rows }) => rows.length > 0,
    )
    await client.query('COMMIT')
    return await working
  } finally {
    await client.end()
  }
}
