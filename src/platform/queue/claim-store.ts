import { sql } from 'kysely'
import type { OperatorTx, TenantTx } from '../db/database.ts'
import { LOCKS } from './advisory-locks.ts'

export type JobError = { code: string; message: string }

export type ClaimedJob = {
  id: string
  tenantId: string
  courseId: string | null
  kind: string
  payload: unknown
  /** Counts from 1. With `workerId` it tells this attempt from every other. */
  attempt: number
  maxAttempts: number
  workerId: number
}

export const claimedColumns = sql`id, tenant_id AS "tenantId", course_id AS "courseId", kind, payload, attempts AS attempt,
  max_attempts AS "maxAttempts", worker_id AS "workerId"`

/**
 * How an attempt ended. `queued` means once more after so many seconds: because of `why`, or, without it, as if this attempt had never been.
 */
export type Outcome =
  | { status: 'done'; result: unknown }
  | { status: 'error'; code: string; message: string }
  | { status: 'cancelled' }
  | { status: 'queued'; afterSeconds: number; why: JobError | null }

/** Waits for the right to claim, which lasts until the transaction ends. */
export async function lockClaims(tx: OperatorTx): Promise<void> {
  await sql`SELECT pg_advisory_xact_lock(${LOCKS.claiming}::int, 0)`.execute(tx)
}

export type ClaimLimits = {
  workerId: number
  /** How many jobs of one tenant this worker may run at a time. */
  tenantCap: number
  kinds: string[]
}

/** Starts the job whose turn it is, if any may start here. */
export async function claimJob(tx: OperatorTx, limits: ClaimLimits): Promise<ClaimedJob | undefined> {
  // A statement of its own: the next one must see what the claim before this one committed.
  await lockClaims(tx)
  for (const tenantId of await tenantsInTurn(tx, limits)) {
    const job = await startFirst(tx, tenantId, limits)
    if (job) return job
  }
  return undefined
}

/**
 * Tenants with a due job, below their cap here: first who runs fewest jobs anywhere, then who was served longest ago.
 * The recursion steps from tenant to tenant through the index of waiting jobs, instead of reading every waiting job
 * (https://wiki.postgresql.org/wiki/Loose_indexscan).
 */
async function tenantsInTurn(tx: OperatorTx, { workerId, tenantCap, kinds }: ClaimLimits): Promise<string[]> {
  const { rows } = await sql<{ tenant_id: string }>`
    WITH RECURSIVE waiting (tenant_id) AS (
      (SELECT tenant_id FROM jobs WHERE status = 'queued' ORDER BY tenant_id LIMIT 1)
      UNION ALL
      SELECT (SELECT j.tenant_id FROM jobs j WHERE j.status = 'queued' AND j.tenant_id > w.tenant_id ORDER BY j.tenant_id LIMIT 1)
      FROM waiting w WHERE w.tenant_id IS NOT NULL
    ), running AS (
      SELECT tenant_id, count(*) AS anywhere, count(*) FILTER (WHERE worker_id = ${workerId}::int) AS here
      FROM jobs WHERE status = 'running' GROUP BY tenant_id
    )
    SELECT w.tenant_id FROM waiting w
    LEFT JOIN running r ON r.tenant_id = w.tenant_id
    LEFT JOIN LATERAL (
      SELECT j.started_at FROM jobs j WHERE j.tenant_id = w.tenant_id AND j.started_at IS NOT NULL
      ORDER BY j.started_at DESC LIMIT 1) AS last ON true
    WHERE w.tenant_id IS NOT NULL AND coalesce(r.here, 0) < ${tenantCap}::int AND EXISTS (
      SELECT FROM jobs j WHERE j.tenant_id = w.tenant_id AND ${due(kinds)})
    ORDER BY coalesce(r.anywhere, 0), last.started_at NULLS FIRST, w.tenant_id
    LIMIT 20`.execute(tx)
  return rows.map((row) => row.tenant_id)
}

// A row that another transaction is changing is passed over: all claims would wait for it.
async function startFirst(tx: OperatorTx, tenantId: string, { workerId, kinds }: ClaimLimits) {
  const { rows } = await sql<ClaimedJob>`
    UPDATE jobs
    SET status = 'running', worker_id = ${workerId}::int, started_at = clock_timestamp(), attempts = attempts + 1, progress = 0
    WHERE id = (
      SELECT j.id FROM jobs j WHERE j.tenant_id = ${tenantId}::uuid AND ${due(kinds)}
      ORDER BY j.priority, j.id LIMIT 1 FOR NO KEY UPDATE SKIP LOCKED)
    RETURNING ${claimedColumns}`.execute(tx)
  return rows[0]
}

function due(kinds: string[]) {
  return sql`j.status = 'queued' AND j.run_after <= now() AND j.kind = ANY(${kinds}::text[])`
}

/** Writes down how an attempt ended. False when the attempt is no longer this worker's to end: then nothing was written. */
export async function finishJob(tx: TenantTx, job: ClaimedJob, outcome: Outcome): Promise<boolean> {
  if (outcome.status === 'queued') return await putBack(tx, job, outcome)
  const values = { status: outcome.status, worker_id: null, finished_at: sql<Date>`now()` }
  const ended = attemptOf(tx, job).set(values)
  if (outcome.status === 'cancelled') return changed(await ended.executeTakeFirst())
  if (outcome.status === 'error') {
    return changed(await ended.set({ error_code: outcome.code, error_message: outcome.message }).executeTakeFirst())
  }
  const result = outcome.result === undefined ? null : JSON.stringify(outcome.result)
  return changed(await ended.set({ result, progress: 1 }).executeTakeFirst())
}

/** Writes down how far an attempt has come, 0 to 1. */
export async function writeProgress(tx: TenantTx, job: ClaimedJob, progress: number): Promise<void> {
  await attemptOf(tx, job).set({ progress }).execute()
}

async function putBack(tx: TenantTx, job: ClaimedJob, { afterSeconds, why }: Outcome & { status: 'queued' }) {
  const { rows } = await sql`
    WITH back AS (
      UPDATE jobs
      SET status = CASE WHEN cancel_requested THEN 'cancelled' ELSE 'queued' END,
        finished_at = CASE WHEN cancel_requested THEN now() END,
        worker_id = NULL, progress = 0, attempts = attempts - ${why === null ? 1 : 0}::int,
        last_error_code = coalesce(${why?.code ?? null}, last_error_code),
        last_error_message = coalesce(${why?.message ?? null}, last_error_message),
        run_after = now() + make_interval(secs => ${afterSeconds}::float8)
      WHERE id = ${job.id}::uuid AND status = 'running' AND worker_id = ${job.workerId}::int AND attempts = ${job.attempt}::int
      RETURNING run_after
    )
    SELECT queue.wake(run_after) FROM back`.execute(tx)
  return rows.length > 0
}

function attemptOf(tx: TenantTx, job: ClaimedJob) {
  return tx
    .updateTable('jobs')
    .where('id', '=', job.id)
    .where('status', '=', 'running')
    .where('worker_id', '=', job.workerId)
    .where('attempts', '=', job.attempt)
}

function changed({ numUpdatedRows }: { numUpdatedRows: bigint }) {
  return numUpdatedRows > 0n
}
