import { setTimeout as sleep } from 'node:timers/promises'
import type { Database } from '../db/database.ts'
import { claimJob } from './claim-store.ts'
import type { Endings } from './ending.ts'
import type { JobHandler } from './job-kind.ts'
import type { QueueLog } from './log.ts'
import { type Run, runJob, type StopReason } from './run-job.ts'
import type { WorkerLock } from './worker-lock.ts'

export type Slots = {
  /**
   * Takes a free slot, if there is one, and runs job after job in it until none may start here. Never rejects.
   * With `spread`, each job that is found sends another such drain looking.
   */
  drain(options?: { spread: boolean }): Promise<void>
  running(): number
  /** The ids of the jobs that run here under this worker id; undefined while a claim is under way and it is not known. */
  runningJobs(workerId: number): string[] | undefined
  /** Aborts the running jobs that have one of these ids, or all. */
  abort(reason: StopReason, ids?: string[]): void
  /** Lets no further job start. */
  close(): void
  /** Waits until no job runs or `ms` passed; true when none runs. */
  idle(ms: number): Promise<boolean>
  /** Gives back every job that still runs, without waiting for its handler. */
  abandon(): Promise<void>
}

type Options = {
  db: Pick<Database, 'asOperator' | 'forTenant'>
  lock: Pick<WorkerLock, 'lease'>
  slots: number
  handlers: JobHandler[]
  endings: Endings
  log: QueueLog
}

/** The places in which this process runs jobs. */
export function createSlots({ db, lock, slots, handlers, endings, log }: Options): Slots {
  const byKind = new Map(handlers.map((handler) => [handler.kind.kind, handler]))
  const limits = { tenantCap: Math.max(1, Math.floor(slots / 2)), kinds: [...byKind.keys()] }
  const runs = new Set<Run>()
  const drains = new Set<Promise<void>>()
  let claiming = 0
  let closed = false
  // Whether somebody came to a full house after the last claim began: that claim may not have seen what he came about.
  let missed = false

  async function drain(options?: { spread: boolean }) {
    missed = drains.size >= slots
    if (missed) return
    const drained = runUntilNone(options?.spread === true)
    drains.add(drained)
    await drained
    drains.delete(drained)
  }

  async function runUntilNone(spread: boolean) {
    do {
      for (let run = await startNext(); run; run = await startNext()) {
        if (spread) void drain({ spread })
        await run.ended
      }
    } while (missed && !closed)
  }

  async function startNext(): Promise<Run | undefined> {
    const lease = lock.lease()
    if (closed || !lease) return undefined
    claiming++
    missed = false
    try {
      const job = await db.asOperator('claims a job', (tx) => claimJob(tx, { ...limits, workerId: lease.workerId }))
      const handler = job && byKind.get(job.kind)
      if (!job || !handler) return undefined
      const run = runJob({ db, endings, job, lease, handler, log, tooLate: closed })
      runs.add(run)
      void run.ended.then(() => runs.delete(run))
      return run
    } catch (error) {
      log.warn({ err: error }, 'No job could be claimed.')
      return undefined
    } finally {
      claiming--
    }
  }

  return {
    drain,
    running: () => runs.size,
    runningJobs: (workerId) =>
      claiming > 0 ? undefined : [...runs].filter(({ job }) => job.workerId === workerId).map(({ job }) => job.id),
    abort: (reason, ids) => {
      for (const run of runs) if (ids === undefined || ids.includes(run.job.id)) run.abort(reason)
    },
    close: () => {
      closed = true
    },
    idle: async (ms) => {
      const inTime = new AbortController()
      const late = sleep(ms, false, { signal: inTime.signal }).catch(() => false)
      const idle = await Promise.race([Promise.all(drains).then(() => true), late])
      inTime.abort()
      return idle
    },
    abandon: async () => void (await Promise.all([...runs].map((run) => run.abandon()))),
  }
}
