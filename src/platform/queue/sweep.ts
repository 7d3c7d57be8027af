import type { Database } from '../db/database.ts'
import { lockClaims } from './claim-store.ts'
import { CANCELLED, CRASHED, type Endings } from './ending.ts'
import type { QueueLog } from './log.ts'
import type { Slots } from './slots.ts'
import type { WorkerLock } from './worker-lock.ts'
import { type Freed, freeForgottenJobs, freeJobsOfDead, markTold, pruneJobs, untoldCancelled } from './worker-store.ts'

const HOUR_MS = 3_600_000
const KEPT_DAYS = 30
const PRUNED_AT_ONCE = 5_000

type Options = {
  db: Pick<Database, 'asOperator'>
  lock: WorkerLock
  slots: Slots
  endings: Endings
  /** The kinds of job that are handled here. */
  kinds: string[]
  log: QueueLog
}

/** One pass over what nobody else would notice: a dead lock, jobs of dead workers, lost claims and tokens, old rows. */
export function createSweep({ db, lock, slots, endings, kinds, log }: Options): () => Promise<void> {
  let pruneAt = performance.now()

  async function sweep() {
    await lock.check()
    void slots.drain({ spread: true })
    await settle(await db.asOperator('frees the jobs of dead workers', (tx) => freeJobsOfDead(tx, kinds)))
    await settle(await freeForgotten())
    for (const job of await db.asOperator('looks for cancelled jobs', (tx) => untoldCancelled(tx, kinds))) {
      await endings.tellFailed(job, CANCELLED, (tx) => markTold(tx, job.id))
    }
    if (performance.now() >= pruneAt) {
      pruneAt = performance.now() + HOUR_MS
      await db.asOperator('deletes old jobs', (tx) => pruneJobs(tx, { days: KEPT_DAYS, limit: PRUNED_AT_ONCE }))
    }
  }

  /** A claim can be committed although its answer was lost. Nobody can claim meanwhile, so what runs here is known exactly. */
  async function freeForgotten(): Promise<Freed> {
    const workerId = lock.lease()?.workerId
    return await db.asOperator('frees forgotten jobs', async (tx) => {
      await lockClaims(tx)
      const running = workerId === undefined ? undefined : slots.runningJobs(workerId)
      if (workerId === undefined || running === undefined) return { back: [], exhausted: [] }
      return await freeForgottenJobs(tx, kinds, { workerId, running })
    })
  }

  async function settle({ back, exhausted }: Freed) {
    for (const { id, tenantId, kind, status } of back) {
      log.warn({ jobId: id, tenantId, kind, status }, 'A job had lost its worker.')
    }
    for (const job of exhausted) {
      const { id, tenantId, kind } = job
      if (await endings.end(job, CRASHED))
        log.error({ jobId: id, tenantId, kind }, 'A job lost its worker at its last attempt.')
    }
  }

  return sweep
}
