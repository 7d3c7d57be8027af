import { Kysely, PostgresDialect, sql, type Transaction } from 'kysely'
import pg from 'pg'
import { unavailable } from '#kernel/failure.ts'
import { createTurns } from '#platform/turns/index.ts'
import type { DB as Tables } from './tables.ts'

declare const scope: unique symbol

/** A transaction that sees one tenant's rows. Made by `forTenant` only. */
export type TenantTx = Transaction<Tables> & { readonly [scope]: 'tenant' }

/** A transaction that sees every tenant's rows. Made by `asOperator` only. */
export type OperatorTx = Transaction<Tables> & { readonly [scope]: 'operator' }

export type Database = {
  /** Runs `work` in a transaction in which only this tenant's rows exist; row-level security sees to it. */
  forTenant<T>(tenantId: string, work: (tx: TenantTx) => Promise<T>): Promise<T>
  /** Runs `work` across tenants. `why` names the reason in the server's list of sessions. */
  asOperator<T>(why: string, work: (tx: OperatorTx) => Promise<T>): Promise<T>
  /** One named statement outside any transaction and any tenant: for the hot path of authentication and for probes. */
  statement<R extends pg.QueryResultRow>(name: string, text: string, values: unknown[]): Promise<R[]>
  /** The plain pool, for the boot's own checks. */
  pool: pg.Pool
  close(): Promise<void>
}

export type DatabaseOptions = {
  url: string
  poolSize?: number
  /** Milliseconds; what a statement may take before the server ends it. */
  statementTimeout?: number
  /** Called when an idle connection breaks. */
  onError?: (error: Error) => void
}

const STATEMENT_CONNECTIONS = 3

/** Milliseconds for which a tenant's transaction waits for its own others to end. */
const TURN_DEADLINE = 10_000

/**
 * Opens a pool to PostgreSQL as the application's role. Connecting waits at most 5 s, a statement 30 s, an idle transaction 60 s.
 * One tenant holds at most half of the connections. An unreachable or overloaded server becomes the Failure `service.unavailable`.
 */
export function createDatabase({ url, poolSize = 10, statementTimeout = 30_000, onError }: DatabaseOptions): Database {
  let closing: Promise<unknown> | undefined
  const open = (max: number) => {
    const pool = new pg.Pool({
      connectionString: url,
      max,
      connectionTimeoutMillis: 5_000,
      statement_timeout: statementTimeout,
      query_timeout: statementTimeout + 2_000,
      idle_in_transaction_session_timeout: 60_000,
      application_name: 'course-supporter',
      keepAlive: true,
    })
    // A server that stops, too, may break off a connection that is on its way out.
    pool.on('error', (error) => {
      if (!closing) onError?.(error)
    })
    // One that breaks while it is used tells whoever uses it; unheard, the event would end the process.
    pool.on('connect', (client) => client.on('error', () => undefined))
    return pool
  }
  const pool = open(poolSize)
  // Keys and probes do not wait behind transactions.
  const statements = open(Math.min(poolSize, STATEMENT_CONNECTIONS))
  const kysely = new Kysely<Tables>({ dialect: new PostgresDialect({ pool }) })
  // One tenant's transactions that wait for each other must not take every connection: others, keys and probes need theirs.
  const turns = createTurns({ perKey: Math.max(1, Math.floor(poolSize / 2)) })

  return {
    pool,
    forTenant: (tenantId, work) =>
      translated(async () => {
        const release = await turns.acquire(tenantId, AbortSignal.timeout(TURN_DEADLINE))
        try {
          return await kysely.transaction().execute(async (tx) => {
            await sql`SELECT set_config('app.tenant_id', ${tenantId}, true)`.execute(tx)
            return work(tx as TenantTx)
          })
        } finally {
          release()
        }
      }),
    asOperator: (why, work) =>
      translated(() =>
        kysely.transaction().execute(async (tx) => {
          const name = `course-supporter: ${why}`.slice(0, 63)
          await sql`SELECT set_config('role', 'course_supporter_operator', true), set_config('application_name', ${name}, true)`.execute(
            tx,
          )
          return work(tx as OperatorTx)
        }),
      ),
    statement: async <R extends pg.QueryResultRow>(name: string, text: string, values: unknown[]) =>
      (await translated(() => statements.query<R>({ name, text, values }))).rows,
    // Not kysely's own: it leaves a pool open that nobody has used through it.
    close: () => {
      closing ??= Promise.all([pool.end(), statements.end()])
      return closing.then(() => undefined)
    },
  }
}

async function translated<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (isOutage(error)) throw unavailable(error)
    throw error
  }
}

// Classes of SQLSTATE that speak of the server and the moment, not of the statement: connection, authorization (a password that is being
// changed), rolled back (a deadlock), resources, shutdown (https://www.postgresql.org/docs/17/errcodes-appendix.html). A cancelled statement is a deadline that passed.
const OUTAGE_CLASSES = new Set(['08', '28', '40', '53', '57'])
const OUTAGE_ERRNO = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ETIMEDOUT',
  'EPIPE',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
])
const OUTAGE_MESSAGES = /Connection terminated|timeout exceeded when trying to connect|Query read timeout|not queryable/

function isOutage(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  if (error.name === 'TimeoutError') return true
  if (error instanceof AggregateError) return error.errors.some(isOutage)
  const code = 'code' in error && typeof error.code === 'string' ? error.code : ''
  return (
    OUTAGE_ERRNO.has(code) ||
    (code.length === 5 && OUTAGE_CLASSES.has(code.slice(0, 2))) ||
    OUTAGE_MESSAGES.test(error.message)
  )
}

/** The name of the constraint that a statement broke, when that is why it failed. */
export function brokenConstraint(error: unknown): string | undefined {
  return error instanceof pg.DatabaseError && error.code?.startsWith('23') ? error.constraint : undefined
}
