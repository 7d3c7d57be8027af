import { Failure } from '#kernel/failure.ts'
import type { Database, TenantTx } from '../db/database.ts'
import { type ClaimedJob, finishJob, type JobError, type Outcome } from './claim-store.ts'
import type { EndedJob, JobHandler } from './job-kind.ts'
import type { QueueLog } from './log.ts'

export const CRASHED: Outcome = { status: 'error', code: 'job.crashed', message: 'The job was interrupted too often.' }
export const CANCELLED: JobError = { code: 'job.cancelled', message: 'The job was cancelled.' }

export type Endings = {
  /** Writes down how an attempt ended. False when it was no longer this worker's to end: then nothing was written. */
  end(job: ClaimedJob, outcome: Outcome): Promise<boolean>
  /** Runs `change`, and if it returned true what the job's kind does about a job that failed, in one transaction. */
  tellFailed(
    job: EndedJob<unknown> & { kind: string },
    error: JobError,
    change: (tx: TenantTx) => Promise<boolean>,
  ): Promise<boolean>
}

/** `status` is what the job became: `queued` when it is to be tried again. */
export type EndedListener = (ended: { kind: string; status: Outcome['status'] }) => void

type Options = {
  db: Pick<Database, 'forTenant'>
  handlers: JobHandler[]
  log: QueueLog
  onEnded?: EndedListener
}

export function createEndings({ db, handlers, log, onEnded }: Options): Endings {
  const byKind = new Map(handlers.map((handler) => [handler.kind.kind, handler]))

  async function end(job: ClaimedJob, outcome: Outcome) {
    const change = (tx: TenantTx) => finishJob(tx, job, outcome)
    const isWritten =
      outcome.status === 'error' ? await tellFailed(job, outcome, change) : await db.forTenant(job.tenantId, change)
    if (isWritten) onEnded?.({ kind: job.kind, status: outcome.status })
    return isWritten
  }

  const tellFailed: Endings['tellFailed'] = async (job, { code, message }, change) => {
    const { id, tenantId, courseId, payload, kind } = job
    const failed = byKind.get(kind)?.failed
    if (!failed) return await db.forTenant(tenantId, change)
    try {
      return await db.forTenant(tenantId, async (tx) => {
        const changed = await change(tx)
        if (changed) await failed(tx, { id, tenantId, courseId, payload }, { code, message })
        return changed
      })
    } catch (error) {
      if (isOutage(error)) throw error
      // A job that cannot end would be run for ever.
      log.error({ jobId: id, kind, tenantId, err: error }, 'What should follow a failed job did not happen.')
      return await db.forTenant(tenantId, change)
    }
  }

  return { end, tellFailed }
}

export function isOutage(error: unknown): boolean {
  return error instanceof Failure && error.kind === 'unavailable'
}
