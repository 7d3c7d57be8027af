import type { Database } from '../db/database.ts'
import { createEndings, type EndedListener } from './ending.ts'
import type { JobHandler } from './job-kind.ts'
import type { QueueLog } from './log.ts'
import { proveQueue } from './prove-queue.ts'
import { repeat } from './repeat.ts'
import { closeQueuePool, createQueuePool } from './session-store.ts'
import { createSlots } from './slots.ts'
import { createSweep } from './sweep.ts'
import { startWakeUps } from './wake-ups.ts'
import { holdWorkerLock, type WorkerLock } from './worker-lock.ts'
import { cancelledJobs } from './worker-store.ts'

// How long an aborted handler has to unwind before its job is given away under its hands.
const UNWIND_MS = 2_000
const CANCEL_CHECK_MS = 1_500

export type WorkerOptions = {
  db: Database
  /** A URL that connects as the owner of the queue library's schema. */
  queueUrl: string
  /** How many jobs run at a time. One tenant gets at most half of them, and at least one. */
  slots: number
  handlers: JobHandler[]
  log: QueueLog
  /** Is told of every attempt that has ended, when that is written down. */
  onEnded?: EndedListener
  /** How long `stop` waits for running jobs, in milliseconds. */
  graceMs?: number
  /** Milliseconds between two looks for what nobody announced: dead workers, due jobs without a wake-up. */
  sweepMs?: number
  /** Milliseconds within which a job must come back at the start. */
  proofMs?: number
}

export type Worker = {
  /**
   * Starts no more jobs and waits for the running ones; those that outlast `graceMs` are aborted and put back to wait, as if
   * they had not been started. Then closes everything this worker opened; `db` is the caller's.
   */
  stop(): Promise<void>
}

/**
 * Runs jobs until stopped. Throws one clear Error when jobs that the application adds would not reach this worker.
 * Any number of workers may run side by side, in any number of processes.
 */
export async function startWorker(options: WorkerOptions): Promise<Worker> {
  const { db, queueUrl, slots: count, handlers, log, graceMs = 25_000, sweepMs = 5_000, proofMs = 10_000 } = options
  checkOptions(options)
  const pool = createQueuePool(queueUrl, count + 1)
  let lock: WorkerLock
  try {
    await proveQueue({ db, pool, log, deadlineMs: proofMs })
    // Wake-ups that came meanwhile found no worker here.
    lock = await holdWorkerLock({ db, queueUrl, log, onRegained: () => void slots.drain({ spread: true }) })
  } catch (error) {
    await closeQueuePool(pool)
    throw error
  }
  const endings = createEndings({ db, handlers, log, ...(options.onEnded ? { onEnded: options.onEnded } : {}) })
  const slots = createSlots({ db, lock, slots: count, handlers, endings, log })
  const wakeUps = startWakeUps({ pool, slots: count, onToken: () => slots.drain(), log })
  const sweep = createSweep({ db, lock, slots, endings, kinds: handlers.map((handler) => handler.kind.kind), log })
  const sweeps = repeat(sweepMs, sweep, (error) => log.warn({ err: error }, 'A sweep failed.'))
  const cancels = repeat(CANCEL_CHECK_MS, abortCancelled, (error) =>
    log.warn({ err: error }, 'Cancelled jobs are unknown.'),
  )
  let stopped: Promise<void> | undefined

  async function abortCancelled() {
    const lease = lock.lease()
    if (!lease || slots.running() === 0) return
    slots.abort('cancelled', await db.asOperator('looks for cancelled jobs', (tx) => cancelledJobs(tx, lease.workerId)))
  }

  async function stop() {
    slots.close()
    const quiet = Promise.all([sweeps.stop(), cancels.stop()])
    // What is put back wakes others: this process must no longer take wake-ups by then.
    const [idle] = await Promise.all([slots.idle(graceMs), wakeUps.stop()])
    if (!idle) {
      log.info({ running: slots.running() }, 'Jobs that are still running are put back.')
      slots.abort('stopping')
      if (!(await slots.idle(UNWIND_MS))) await slots.abandon()
    }
    await quiet
    await lock.close()
    await closeQueuePool(pool)
  }

  return {
    stop: () => {
      stopped ??= stop()
      return stopped
    },
  }
}

function checkOptions({ slots, handlers }: WorkerOptions) {
  if (!Number.isInteger(slots) || slots < 1) throw new Error(`A worker needs at least one slot, not ${slots}.`)
  const kinds = handlers.map((handler) => handler.kind.kind)
  const twice = kinds.find((kind, index) => kinds.indexOf(kind) !== index)
  if (twice !== undefined) throw new Error(`Two handlers want the jobs of kind ${twice}.`)
}
