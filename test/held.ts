import pg from 'pg'
import type { TestApp } from './app.ts'
import { until } from './build.ts'

type How = {
  /** How many sessions must wait. */
  waiting?: number
  end?: 'COMMIT' | 'ROLLBACK'
}

/** Changes the database in a transaction that ends only once `work` waits for it: what comes between a look and a deed. */
export async function whileHeld<T>(
  { database }: TestApp,
  change: string,
  work: () => Promise<T>,
  { waiting = 1, end = 'COMMIT' }: How = {},
): Promise<T> {
  const [holder, watcher] = [0, 1].map(() => new pg.Client({ connectionString: database.urls.superuser })) as [
    pg.Client,
    pg.Client,
  ]
  await Promise.all([holder.connect(), watcher.connect()])
  try {
    await holder.query('BEGIN')
    await holder.query(change)
    const working = work()
    await until(
      () =>
        watcher.query(`SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`),
      ({ rows }) => rows.length >= waiting,
    )
    await holder.query(end)
    return await working
  } finally {
    await Promise.all([holder.end(), watcher.end()])
  }
}
