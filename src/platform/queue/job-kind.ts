import type { Scope } from '#kernel/caller.ts'
import type { TenantTx } from '../db/database.ts'

declare const payload: unique symbol

/** What is true of every job of one kind. `P` is the JSON of its payload: ids, not contents. */
export type JobKind<P> = {
  kind: string
  /** Lower goes first among one tenant's jobs; -32768 to 32767. */
  priority: number
  /** The scope that starts such a job and may ask about it. */
  scope: Scope
  /** How often a job is started before it counts as failed. */
  maxAttempts: number
  /** Seconds after which an attempt's signal is aborted. */
  timeoutSeconds: number
  /** Seconds to wait after the failed attempt number `attempt`, which counts from 1. */
  backoffSeconds(attempt: number): number
  readonly [payload]?: P
}

/** Defines a kind of job, as plain data. */
export function defineJob<P>({
  kind,
  priority,
  scope = 'prep',
  maxAttempts = 5,
  timeoutSeconds = 3600,
  backoffSeconds = tripling,
}: Pick<JobKind<P>, 'kind' | 'priority'> & Partial<JobKind<P>>): JobKind<P> {
  return { kind, priority, scope, maxAttempts, timeoutSeconds, backoffSeconds }
}

/** 10 s, 30 s, 90 s, 270 s, then every 10 minutes: five attempts outlast an outage of 6 minutes. */
function tripling(attempt: number): number {
  return Math.min(600, 10 * 3 ** (attempt - 1))
}

export type NewJob<P> = {
  tenantId: string
  /** What the job is about, where that is one thing: the row goes on without it when the thing is deleted. */
  courseId?: string
  payload: P
  /** While a job of this tenant with this key waits or runs, another is not added. */
  dedupeKey?: string
  /** Not before. */
  runAfter?: Date
}

/** One attempt at a job, as its handler sees it. */
export type RunningJob<P> = {
  id: string
  tenantId: string
  courseId: string | null
  payload: P
  /** Counts from 1. */
  attempt: number
  /** Aborted when the job was cancelled, took too long, or has to be left to another worker. */
  signal: AbortSignal
  /** Reports how much is done, 0 to 1. Written down at most about once a second; never throws. */
  progress(fraction: number): void
}

export type EndedJob<P> = Pick<RunningJob<P>, 'id' | 'tenantId' | 'courseId' | 'payload'>

type Run<P> = (job: RunningJob<P>) => Promise<unknown>
type Failed<P> = (tx: TenantTx, job: EndedJob<P>, error: { code: string; message: string }) => Promise<unknown>

export type JobHandler<P = unknown> = {
  kind: JobKind<P>
  /**
   * Runs one attempt. It must survive being run twice for one job: a worker can die after its last effect. And it must heed
   * the signal: nothing else ends it. What it returns becomes the job's result and must be JSON. A thrown Failure ends the job
   * with that code and message, except of kind `unavailable`, which is tried again later, as is anything else that is thrown.
   */
  run: Run<P>
  /** What else becomes true in the transaction that ends a job as failed (`error`), or soon after one was cancelled. */
  failed?: Failed<P>
}

/** Joins a kind and what runs it, so that the payload has its type. */
export function jobHandler<P>(kind: JobKind<P>, run: Run<P>, { failed }: { failed?: Failed<P> } = {}): JobHandler {
  return {
    kind,
    run: (job) => run(job as RunningJob<P>),
    ...(failed && { failed: (tx, job, error) => failed(tx, job as EndedJob<P>, error) }),
  }
}
