import { type Selectable, type SqlBool, sql } from 'kysely'
import type { Scope } from '#kernel/caller.ts'
import type { OperatorTx, TenantTx } from '../db/database.ts'
import type { Jobs } from '../db/tables.ts'
import { LOCKS } from './advisory-locks.ts'
import type { JobKind, NewJob } from './job-kind.ts'

type Tx = TenantTx | OperatorTx

export type JobStatus = 'queued' | 'running' | 'done' | 'error' | 'cancelled'

export type Job = {
  id: string
  tenantId: string
  courseId: string | null
  kind: string
  scope: Scope
  dedupeKey: string | null
  status: JobStatus
  /** 0 to 1. */
  progress: number
  result: unknown
  error: { code: string; message: string } | null
  attempts: number
  /** Why the attempt before failed, while it waits for another or is at it. */
  lastError: { code: string; message: string } | null
  /** When it is tried again; null unless it waits for that. */
  retryAt: Date | null
  /** Whether it is to stop: only while it runs. */
  cancelRequested: boolean
  createdAt: Date
  startedAt: Date | null
  finishedAt: Date | null
}

/**
 * Takes the lock that inserting a job about this takes anyway. Taken only after `lockTenant` it would make a deadlock with a
 * transaction that has the row to itself and then adds a job.
 */
export async function keepCourse(tx: TenantTx, id: string): Promise<void> {
  await tx.selectFrom('courses').select('id').where('id', '=', id).forKeyShare().execute()
}

/** Waits until no other transaction adds jobs of this tenant, and keeps others out until this one ends. */
export async function lockTenant(tx: Tx, tenantId: string): Promise<void> {
  await sql`SELECT pg_advisory_xact_lock(${LOCKS.adding}::int, hashtext(${tenantId}))`.execute(tx)
}

/** The id of the tenant's waiting or running job with this key. */
export async function findActiveJob(tx: Tx, tenantId: string, dedupeKey: string): Promise<string | undefined> {
  const row = await tx
    .selectFrom('jobs')
    .select('id')
    .where('tenant_id', '=', tenantId)
    .where('dedupe_key', '=', dedupeKey)
    .where('status', 'in', ['queued', 'running'])
    .executeTakeFirst()
  return row?.id
}

type Insertion<P> = { id: string; kind: JobKind<P>; job: NewJob<P>; maxQueued: number }

/** Inserts a job and its wake-up, unless `maxQueued` wait already: then it returns false. Needs `lockTenant`. */
export async function insertJob<P>(tx: TenantTx, { id, kind, job, maxQueued }: Insertion<P>): Promise<boolean> {
  const { rows } = await sql`
    WITH added AS (
      INSERT INTO jobs (id, tenant_id, course_id, kind, scope, priority, dedupe_key, payload, max_attempts, run_after)
      SELECT ${id}::uuid, ${job.tenantId}::uuid, ${job.courseId ?? null}::uuid, ${kind.kind}, ${kind.scope},
        ${kind.priority}::smallint, ${job.dedupeKey ?? null}, ${JSON.stringify(job.payload)}::jsonb, ${kind.maxAttempts}::int,
        coalesce(${job.runAfter ?? null}::timestamptz, now())
      WHERE ${hasRoom(job.tenantId, maxQueued)}
      RETURNING run_after
    )
    SELECT queue.wake(run_after) FROM added`.execute(tx)
  return rows.length > 0
}

/** Puts a finished job back, as new; false when `maxQueued` wait already. Needs `lockTenant`. */
export async function requeueJob(
  tx: Tx,
  { id, tenantId, maxQueued }: { id: string; tenantId: string; maxQueued: number },
): Promise<boolean> {
  const { rows } = await sql`
    WITH retried AS (
      UPDATE jobs
      SET status = 'queued', attempts = 0, progress = 0, result = NULL, error_code = NULL, error_message = NULL,
        last_error_code = NULL, last_error_message = NULL, cancel_requested = false, finished_at = NULL, run_after = now()
      WHERE id = ${id}::uuid AND status IN ('error', 'cancelled') AND ${hasRoom(tenantId, maxQueued)}
      RETURNING run_after
    )
    SELECT queue.wake(run_after) FROM retried`.execute(tx)
  return rows.length > 0
}

function hasRoom(tenantId: string, maxQueued: number) {
  return sql<SqlBool>`(SELECT count(*) FROM (
    SELECT FROM jobs WHERE tenant_id = ${tenantId}::uuid AND status = 'queued' LIMIT ${maxQueued}) AS waiting) < ${maxQueued}`
}

/** Cancels a waiting job, asks a running one to stop, and returns its status after that; undefined when it is neither. */
export async function cancelJob(tx: Tx, id: string): Promise<JobStatus | undefined> {
  const { rows } = await sql<{ status: JobStatus }>`
    UPDATE jobs
    SET status = CASE status WHEN 'queued' THEN 'cancelled' ELSE status END,
      finished_at = CASE status WHEN 'queued' THEN now() END,
      cancel_requested = true
    WHERE id = ${id}::uuid AND status IN ('queued', 'running')
    RETURNING status`.execute(tx)
  return rows[0]?.status
}

export async function findJob(tx: Tx, id: string): Promise<Job | undefined> {
  const row = await tx.selectFrom('jobs').selectAll().where('id', '=', id).executeTakeFirst()
  return row && present(row)
}

/** The newest jobs, newest first. */
export async function listJobs(
  tx: OperatorTx,
  { tenantId, failed = false, limit }: { tenantId?: string; failed?: boolean; limit: number },
): Promise<Job[]> {
  let query = tx.selectFrom('jobs').selectAll().orderBy('id', 'desc').limit(limit)
  if (tenantId !== undefined) query = query.where('tenant_id', '=', tenantId)
  if (failed) query = query.where('status', '=', 'error')
  return (await query.execute()).map(present)
}

export type QueueStatus = {
  counts: { kind: string; status: JobStatus; count: number }[]
  /** Seconds for which the job that has waited longest could have run; null when none waits. */
  oldestQueuedSeconds: number | null
  /** Jobs whose time has not come, such as those that are tried again later. */
  later: number
  /** Seconds until the first of them may run; null when there is none. */
  nextSeconds: number | null
  liveWorkers: number
}

export async function queueStatus(tx: OperatorTx): Promise<QueueStatus> {
  const counts = await sql<{ kind: string; status: JobStatus; count: number }>`
    SELECT kind, status, count(*)::int AS count FROM jobs GROUP BY kind, status ORDER BY kind, status`.execute(tx)
  const waiting = await sql<{ waited: number | null; later: number; next: number | null }>`
    SELECT extract(epoch FROM now() - min(run_after) FILTER (WHERE run_after <= now()))::float8 AS waited,
      count(*) FILTER (WHERE run_after > now())::int AS later,
      extract(epoch FROM min(run_after) FILTER (WHERE run_after > now()) - now())::float8 AS next
    FROM jobs WHERE status = 'queued'`.execute(tx)
  const living = await sql<{ count: number }>`SELECT count(*)::int AS count FROM (${livingWorkers}) AS living`.execute(
    tx,
  )
  return {
    counts: counts.rows,
    oldestQueuedSeconds: waiting.rows[0]?.waited ?? null,
    later: waiting.rows[0]?.later ?? 0,
    nextSeconds: waiting.rows[0]?.next ?? null,
    liveWorkers: living.rows[0]?.count ?? 0,
  }
}

/** The ids of the workers that hold their lock (https://www.postgresql.org/docs/17/view-pg-locks.html on the columns). */
export const livingWorkers = sql`
  SELECT objid::bigint AS worker_id FROM pg_locks
  WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
    AND classid = ${sql.lit(LOCKS.living)}::int::oid AND objsubid = 2 AND granted`

function present(row: Selectable<Jobs>): Job {
  const { last_error_code: code, last_error_message: message } = row
  const isOver = row.finished_at !== null
  return {
    id: row.id,
    tenantId: row.tenant_id,
    courseId: row.course_id,
    kind: row.kind,
    scope: row.scope as Scope,
    dedupeKey: row.dedupe_key,
    status: row.status as JobStatus,
    progress: row.progress,
    result: row.result,
    error: row.error_code === null ? null : { code: row.error_code, message: row.error_message ?? '' },
    attempts: row.attempts,
    lastError: code === null || isOver ? null : { code, message: message ?? '' },
    retryAt: row.status === 'queued' && row.attempts > 0 ? row.run_after : null,
    cancelRequested: row.status === 'running' && row.cancel_requested,
    createdAt: row.created_at,
    startedAt: row.started_at,
    finishedAt: row.finished_at,
  }
}
