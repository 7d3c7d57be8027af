import type { OperatorTx, TenantTx } from '../db/database.ts'
import { newId } from '../ids/index.ts'
import { jobFinished, jobNotFound, jobNotRetryable, queueFull } from './failures.ts'
import type { JobKind, NewJob } from './job-kind.ts'
import {
  cancelJob,
  findActiveJob,
  findJob,
  insertJob,
  type JobStatus,
  keepCourse,
  lockTenant,
  requeueJob,
} from './store.ts'

export type AddedJob = {
  id: string
  /** False when a job with the same dedupe key waits or runs: `id` is that one's. */
  created: boolean
}

export type Queue = {
  /**
   * Adds a job in the caller's transaction: it exists, and a worker is woken, if and when that commits.
   * A tenant's transactions that add jobs wait for each other from here until they commit, so add jobs last.
   * Throws Failure `queue.full` when the tenant has too many waiting.
   */
  add<P>(tx: TenantTx, kind: JobKind<P>, job: NewJob<P>): Promise<AddedJob>
  /** The id of the tenant's job with this dedupe key that waits or runs. */
  findActive(tx: TenantTx, tenantId: string, dedupeKey: string): Promise<string | undefined>
  /**
   * A waiting job is cancelled at once; a running one is asked to stop, which its worker notices within about 2 s.
   * Returns the status it has now. Throws Failure `job.not_found`, or `job.finished` when there is nothing to cancel.
   */
  cancel(tx: TenantTx | OperatorTx, id: string): Promise<{ status: JobStatus }>
  /** Lets a failed or cancelled job start afresh. Throws Failure `job.not_found`, `job.not_retryable` or `queue.full`. */
  retry(tx: TenantTx | OperatorTx, id: string): Promise<void>
}

/** The side of the queue that accepts work. `maxQueuedPerTenant` bounds what may wait, not what runs. */
export function createQueue({ maxQueuedPerTenant = 1000 }: { maxQueuedPerTenant?: number } = {}): Queue {
  async function add<P>(tx: TenantTx, kind: JobKind<P>, job: NewJob<P>): Promise<AddedJob> {
    if (job.courseId !== undefined) await keepCourse(tx, job.courseId)
    await lockTenant(tx, job.tenantId)
    if (job.dedupeKey !== undefined) {
      const active = await findActiveJob(tx, job.tenantId, job.dedupeKey)
      if (active !== undefined) return { id: active, created: false }
    }
    const id = newId()
    const inserted = await insertJob(tx, { id, kind, job, maxQueued: maxQueuedPerTenant })
    if (!inserted) throw queueFull()
    return { id, created: true }
  }

  async function cancel(tx: TenantTx | OperatorTx, id: string) {
    const status = await cancelJob(tx, id)
    if (status !== undefined) return { status }
    await requireJob(tx, id)
    throw jobFinished()
  }

  async function retry(tx: TenantTx | OperatorTx, id: string) {
    const { tenantId } = await requireJob(tx, id)
    await lockTenant(tx, tenantId)
    // Read again now that nobody else adds jobs: the first look is as old as the wait for the lock.
    const job = await requireJob(tx, id)
    if (job.status !== 'error' && job.status !== 'cancelled') {
      throw jobNotRetryable()
    }
    if (job.dedupeKey !== null && (await findActiveJob(tx, tenantId, job.dedupeKey)) !== undefined) {
      throw jobNotRetryable('A later job for the same purpose is waiting or running.')
    }
    const requeued = await requeueJob(tx, { id, tenantId, maxQueued: maxQueuedPerTenant })
    if (!requeued) throw queueFull()
  }

  return { findActive: findActiveJob, add, cancel, retry }
}

async function requireJob(tx: TenantTx | OperatorTx, id: string) {
  const job = await findJob(tx, id)
  if (!job) throw jobNotFound()
  return job
}
