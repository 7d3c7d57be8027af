import { runMigrations } from 'graphile-worker'
import pg from 'pg'
import { LOCKS } from './advisory-locks.ts'
import { silentLog } from './log.ts'
import { closeQueuePool, createQueuePool } from './session-store.ts'
import { libraryLogger, SCHEMA } from './wake-ups.ts'

/**
 * Installs or updates what the queue needs in the database, after the migrations; repeating it changes nothing.
 * `ownerUrl` connects as the database's owner, `queueUrl` as the role that is to own the queue library's tables: that library's
 * worker sees no row of them unless it is their owner, so the application adds jobs through functions that run as that owner.
 */
export async function installQueue({ ownerUrl, queueUrl }: { ownerUrl: string; queueUrl: string }): Promise<void> {
  const pool = createQueuePool(queueUrl, 2)
  try {
    const client = await pool.connect()
    try {
      await client.query("SET lock_timeout = '120s'")
      await client.query('SELECT pg_advisory_lock($1, 0)', [LOCKS.installing])
      await allowSchemas(ownerUrl, client)
      await runMigrations({ pgPool: pool, schema: SCHEMA, logger: libraryLogger(silentLog) })
      await client.query(FUNCTIONS)
    } finally {
      // Not kept: its end frees the lock.
      client.release(true)
    }
  } finally {
    await closeQueuePool(pool)
  }
}

async function allowSchemas(ownerUrl: string, queue: pg.ClientBase) {
  const { rows } = await queue.query<{ role: string; database: string; may: boolean }>(
    `SELECT current_user AS role, current_database() AS database, has_database_privilege(current_database(), 'CREATE') AS may`,
  )
  for (const { role, database, may } of rows) {
    if (may) continue
    const owner = new pg.Client({ connectionString: ownerUrl, connectionTimeoutMillis: 10_000 })
    await owner.connect()
    try {
      await owner.query(`GRANT CREATE ON DATABASE ${pg.escapeIdentifier(database)} TO ${pg.escapeIdentifier(role)}`)
    } finally {
      await owner.end()
    }
  }
}

// `queue.wake` asks for a worker's attention at a time, from within the transaction that gives it something to do.
// `queue.ping` adds what a starting worker looks for to prove that anything reaches it; a second one with the same token
// replaces the first.
const FUNCTIONS = `
  CREATE SCHEMA IF NOT EXISTS queue;
  REVOKE ALL ON SCHEMA queue FROM PUBLIC;
  GRANT USAGE ON SCHEMA queue TO course_supporter_tenant, course_supporter_operator;

  CREATE OR REPLACE FUNCTION queue.wake(run_at timestamptz) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  BEGIN
    PERFORM ${SCHEMA}.add_job('wake', run_at => run_at);
  END $$;

  CREATE OR REPLACE FUNCTION queue.ping(token text) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  BEGIN
    PERFORM ${SCHEMA}.add_job('ping', job_key => token);
  END $$;

  REVOKE ALL ON FUNCTION queue.wake, queue.ping FROM PUBLIC;
  GRANT EXECUTE ON FUNCTION queue.wake, queue.ping TO course_supporter_tenant, course_supporter_operator;
`
