import { type RawBuilder, sql } from 'kysely'
import type { Database, OperatorTx, TenantTx } from '../db/database.ts'
import { type ClaimedJob, claimedColumns } from './claim-store.ts'
import { livingWorkers } from './store.ts'

/** A number that no living worker has had for two thousand million workers. */
export async function nextWorkerId(tx: OperatorTx): Promise<number> {
  const { rows } = await sql<{ id: number }>`SELECT nextval('worker_ids')::int AS id`.execute(tx)
  return rows[0]?.id ?? 0
}

/** `back` wait again; `exhausted` had their last attempt and still have to be ended by whoever handles their kind. */
export type Freed = { back: FreedJob[]; exhausted: ClaimedJob[] }
type FreedJob = { id: string; tenantId: string; kind: string; status: string }

/** Frees the jobs whose worker no longer holds its lock. */
export async function freeJobsOfDead(tx: OperatorTx, kinds: string[]): Promise<Freed> {
  return await free(tx, kinds, sql`worker_id NOT IN (${livingWorkers})`)
}

/** Frees the jobs that this living worker has by name but does not run: `running` are those that it does. */
export async function freeForgottenJobs(
  tx: OperatorTx,
  kinds: string[],
  { workerId, running }: { workerId: number; running: string[] },
): Promise<Freed> {
  return await free(tx, kinds, sql`worker_id = ${workerId}::int AND id <> ALL(${running}::uuid[])`)
}

async function free(tx: OperatorTx, kinds: string[], which: RawBuilder<unknown>): Promise<Freed> {
  const back = await sql<FreedJob>`
    WITH back AS (
      UPDATE jobs
      SET status = CASE WHEN cancel_requested THEN 'cancelled' ELSE 'queued' END,
        finished_at = CASE WHEN cancel_requested THEN now() END,
        worker_id = NULL, progress = 0, run_after = now()
      WHERE status = 'running' AND (cancel_requested OR attempts < max_attempts) AND ${which}
      RETURNING id, tenant_id, kind, status, run_after
    )
    SELECT id, tenant_id AS "tenantId", kind, status, queue.wake(run_after) FROM back`.execute(tx)
  const exhausted = await sql<ClaimedJob>`
    SELECT ${claimedColumns} FROM jobs
    WHERE status = 'running' AND NOT cancel_requested AND attempts >= max_attempts AND kind = ANY(${kinds}::text[]) AND ${which}
    LIMIT 100`.execute(tx)
  return { back: back.rows, exhausted: exhausted.rows }
}

/** Cancelled jobs of these kinds whose handler has not been told. */
export async function untoldCancelled(tx: OperatorTx, kinds: string[]): Promise<ClaimedJob[]> {
  const { rows } = await sql<ClaimedJob>`
    SELECT ${claimedColumns} FROM jobs
    WHERE status = 'cancelled' AND cancel_requested AND kind = ANY(${kinds}::text[]) LIMIT 100`.execute(tx)
  return rows
}

/** Notes that a cancelled job's handler knows; false when that was noted before or the job is no longer cancelled. */
export async function markTold(tx: TenantTx, id: string): Promise<boolean> {
  const { numUpdatedRows } = await tx
    .updateTable('jobs')
    .set({ cancel_requested: false })
    .where('id', '=', id)
    .where('status', '=', 'cancelled')
    .where('cancel_requested', '=', true)
    .executeTakeFirst()
  return numUpdatedRows > 0n
}

/** Those of this worker's jobs that somebody asked to stop. */
export async function cancelledJobs(tx: OperatorTx, workerId: number): Promise<string[]> {
  const rows = await tx
    .selectFrom('jobs')
    .select('id')
    .where('status', '=', 'running')
    .where('worker_id', '=', workerId)
    .where('cancel_requested', '=', true)
    .execute()
  return rows.map((row) => row.id)
}

/** Deletes at most `limit` jobs that finished more than `days` days ago, and returns how many. */
export async function pruneJobs(tx: OperatorTx, { days, limit }: { days: number; limit: number }): Promise<number> {
  const old = sql<string>`(SELECT id FROM jobs WHERE finished_at < now() - make_interval(days => ${days}::int) LIMIT ${limit}::int)`
  const { numDeletedRows } = await tx.deleteFrom('jobs').where('id', 'in', old).executeTakeFirst()
  return Number(numDeletedRows)
}

/** Adds a token that only `ping` tasks take, as the application's role. */
export async function addPing(db: Pick<Database, 'statement'>, token: string): Promise<void> {
  await db.statement('queue_ping', 'SELECT queue.ping($1)', [token])
}
