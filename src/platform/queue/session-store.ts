import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { LOCKS } from './advisory-locks.ts'

/** Connections to the queue library's schema, as its owner. Waits at most 5 s for one. */
export function createQueuePool(url: string, size: number): pg.Pool {
  const pool = new pg.Pool({
    connectionString: url,
    max: size,
    connectionTimeoutMillis: 5_000,
    query_timeout: 30_000,
    application_name: 'course-supporter: queue',
    keepAlive: true,
  })
  // A broken connection leaves the pool by itself and whoever uses it gets the error; unheard, the event would end the process.
  const heard = () => undefined
  pool.on('error', heard)
  pool.on('connect', (client) => client.on('error', heard))
  return pool
}

/** Whether these connections see what waits: policies hide it from all but the owner. Throws when the library is not installed. */
export async function seesTokens(pool: QueuePool): Promise<boolean> {
  const text = `SELECT NOT row_security_active('graphile_worker._private_jobs') AS sees`
  const { rows } = await pool.query<{ sees: boolean }>(text)
  return rows[0]?.sees === true
}

/** Ends the pool, waiting at most 5 s for connections that are in use. */
export async function closeQueuePool(pool: QueuePool): Promise<void> {
  await Promise.race([pool.end(), sleep(5_000, undefined, { ref: false })])
}

export type QueuePool = ReturnType<typeof createQueuePool>

/** One connection for a worker's lock. The server frees the lock when the connection ends, however it ends. */
export type LockSession = {
  /** False when somebody else holds that lock. */
  tryLock(workerId: number): Promise<boolean>
  /** Throws when the connection does not answer within 5 s. */
  check(): Promise<void>
  broken(): boolean
  close(): Promise<void>
}

/** Opens it within 5 s. `onBroken` is called once if the connection ends and nobody closed it. */
export async function openLockSession(url: string, onBroken: () => void): Promise<LockSession> {
  const client = new pg.Client({
    connectionString: url,
    connectionTimeoutMillis: 5_000,
    query_timeout: 5_000,
    application_name: 'course-supporter: worker',
    keepAlive: true,
  })
  let state: 'opening' | 'open' | 'broken' | 'closed' = 'opening'
  const onEnd = () => {
    const before = state
    if (before !== 'closed') state = 'broken'
    if (before === 'open') onBroken()
  }
  client.on('error', onEnd)
  client.on('end', onEnd)
  try {
    await client.connect()
    // A machine that vanished says no goodbye: the server has to find out, within 25 s. And it must not end an idle session.
    await client.query(`SET tcp_keepalives_idle = 10; SET tcp_keepalives_interval = 5; SET tcp_keepalives_count = 3;
      SET tcp_user_timeout = 25000; SET idle_session_timeout = 0`)
  } catch (error) {
    state = 'closed'
    void client.end().catch(() => undefined)
    throw error
  }
  state = 'open'
  return {
    tryLock: async (workerId) => {
      const text = 'SELECT pg_try_advisory_lock($1, $2) AS held'
      const { rows } = await client.query<{ held: boolean }>(text, [LOCKS.living, workerId])
      return rows[0]?.held === true
    },
    check: async () => void (await client.query('SELECT 1')),
    broken: () => state === 'broken',
    close: async () => {
      state = 'closed'
      await client.end().catch(() => undefined)
    },
  }
}
