import { setTimeout as sleep } from 'node:timers/promises'
import { Failure } from '#kernel/failure.ts'
import type { Database } from '../db/database.ts'
import { type ClaimedJob, type Outcome, writeProgress } from './claim-store.ts'
import { type Endings, isOutage } from './ending.ts'
import type { JobHandler } from './job-kind.ts'
import type { QueueLog } from './log.ts'
import { createProgress } from './progress.ts'
import type { Lease } from './worker-lock.ts'

/** Why an attempt is made to end early: for good, or to be left to another worker. */
export type StopReason = 'cancelled' | 'timeout' | 'lost' | 'stopping'

export type Run = {
  job: ClaimedJob
  /** Aborts the handler's signal. The first reason counts. */
  abort(reason: StopReason): void
  /** Gives the job back without waiting for its handler any longer. */
  abandon(): Promise<void>
  /** Resolves, never rejects, when the handler has ended and that is written down. */
  ended: Promise<void>
}

type Options = {
  db: Pick<Database, 'forTenant'>
  endings: Endings
  job: ClaimedJob
  lease: Lease
  handler: JobHandler
  log: QueueLog
  /** The worker was told to stop while it claimed the job: the job is given back, its handler not started. */
  tooLate?: boolean
}

/** However long a failure asks to wait: it may hand on what another service says. */
const LONGEST_HINT_SECONDS = 900

const AGAIN: Outcome = { status: 'queued', afterSeconds: 0, why: null }

/** Starts a claimed job's handler, and writes down how it ends. */
export function runJob({ db, endings, job, lease, handler, log, tooLate = false }: Options): Run {
  const about = { jobId: job.id, kind: job.kind, tenantId: job.tenantId, attempt: job.attempt }
  const controller = new AbortController()
  let reason: StopReason | undefined

  function abort(why: StopReason) {
    if (reason !== undefined) return
    reason = why
    controller.abort(new Error(`The job has to end: ${why}.`))
  }

  async function attempt(): Promise<Outcome> {
    const { id, tenantId, courseId, payload, attempt } = job
    const progress = createProgress((fraction) =>
      db
        .forTenant(tenantId, (tx) => writeProgress(tx, job, fraction))
        .catch((error: unknown) => log.debug({ ...about, err: error }, 'Progress was not written.')),
    )
    const deadline = setTimeout(() => abort('timeout'), handler.kind.timeoutSeconds * 1000)
    const onLost = () => abort('lost')
    lease.lost.addEventListener('abort', onLost)
    if (lease.lost.aborted) onLost()
    try {
      const { signal } = controller
      const result = await handler.run({ id, tenantId, courseId, payload, attempt, signal, progress: progress.report })
      return { status: 'done', result }
    } catch (error) {
      const outcome = outcomeOf(error, { job, handler, reason })
      if (outcome !== AGAIN && outcome.status !== 'cancelled')
        log.warn({ ...about, outcome: outcome.status, ...reasonOf(error) }, 'A job failed.')
      return outcome
    } finally {
      clearTimeout(deadline)
      lease.lost.removeEventListener('abort', onLost)
      await progress.settle()
    }
  }

  async function finish(outcome: Outcome): Promise<void> {
    try {
      const written = await endings.end(job, outcome)
      if (!written)
        log.warn(
          { ...about, outcome: outcome.status },
          'The job was no longer this worker’s to end; nothing was written.',
        )
      else log.debug({ ...about, outcome: outcome.status }, 'An attempt ended.')
    } catch (error) {
      const outage = isOutage(error)
      log.error({ ...about, outcome: outcome.status, err: error }, 'The end of a job could not be written.')
      if (outage && !lease.lost.aborted && reason !== 'stopping') {
        await sleep(1_000)
        await finish(outcome)
      } else if (!outage && outcome.status === 'done') {
        // A result that PostgreSQL does not take, such as one with a zero character, will not do better the next time.
        await finish(FAILED)
      }
      // What stays unwritten is found by a sweep: this worker's own, or another's when the lock is gone.
    }
  }

  const ended = (tooLate ? Promise.resolve(AGAIN) : attempt()).then(finish)
  return { job, abort, abandon: () => finish(AGAIN), ended }
}

/** A refusal says all by its code and message; of a defect, or of what is underneath a refusal, where it comes from counts. */
function reasonOf(error: unknown) {
  if (!(error instanceof Failure)) return { err: error }
  const { code, message: reason, cause } = error
  return { code, reason, ...(cause === undefined ? {} : { err: cause }) }
}

const FAILED: Outcome & { status: 'error' } = {
  status: 'error',
  code: 'job.failed',
  message: 'The job failed for an internal reason.',
}
const TIMED_OUT: Outcome & { status: 'error' } = {
  status: 'error',
  code: 'job.timeout',
  message: 'The job took too long.',
}

function outcomeOf(
  error: unknown,
  { job, handler, reason }: { job: ClaimedJob; handler: JobHandler; reason: StopReason | undefined },
): Outcome {
  if (reason === 'cancelled') return { status: 'cancelled' }
  if (reason === 'lost' || reason === 'stopping') return AGAIN
  const failure = error instanceof Failure ? error : undefined
  const final: Outcome & { status: 'error' } = failure
    ? { status: 'error', code: failure.code, message: failure.message.replaceAll('\0', '') }
    : reason === 'timeout'
      ? TIMED_OUT
      : FAILED
  const retryable = !failure || failure.kind === 'unavailable'
  if (!retryable || job.attempt >= job.maxAttempts) return final
  const afterSeconds = Math.max(
    handler.kind.backoffSeconds(job.attempt),
    Math.min(failure?.retryAfter ?? 0, LONGEST_HINT_SECONDS),
  )
  const { code, message } = final
  return { status: 'queued', afterSeconds, why: { code, message } }
}
