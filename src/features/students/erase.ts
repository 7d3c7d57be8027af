import type { Caller } from '#kernel/caller.ts'
import { Failure } from '#kernel/failure.ts'
import type { Database, TenantTx } from '#platform/db/database.ts'
import { jobFinished, type Queue } from '#platform/queue/index.ts'
import type { ErasureLog } from './erasure-log.ts'
import * as store from './erasure-store.ts'
import { studentNotFound } from './failures.ts'
import type { StudentHashes } from './student-hash.ts'

/** How much of what there was of a student. */
export type Removed = {
  submissions: number
  gradings: number
  files: number
  answers: number
  responses: number
  deliveries: number
  counters: number
}

type Deps = {
  db: Pick<Database, 'forTenant'>
  queue: Pick<Queue, 'findActive' | 'cancel'>
  log: Pick<ErasureLog, 'copy'>
  hashes: StudentHashes
}

/** Milliseconds for which an answer waits for the object store to know of it, too. */
const COPY_DEADLINE = 3_000

/**
 * Erases a person: everything under the student's id, in one transaction with the entry in the log. What they cost stays in the
 * ledger, which knows nobody. Throws the Failure `student.not_found` when there is nothing.
 */
export function createEraser({ db, queue, log, hashes }: Deps) {
  return async ({ tenantId }: Caller, studentId: string): Promise<Removed> => {
    const studentHash = hashes.of(tenantId, studentId)
    const removed = await db.forTenant(tenantId, async (tx) => {
      const removed = await eraseStudent(tx, queue, { tenantId, studentId, until: null })
      if (isNothing(removed)) throw studentNotFound()
      await store.insertErasure(tx, { tenantId, studentHash, removed })
      return removed
    })
    // What the store does not take now, the worker brings it later.
    await log
      .copy({ only: { tenantId, studentHash }, signal: AbortSignal.timeout(COPY_DEADLINE) })
      .catch(() => undefined)
    return removed
  }
}

export const isNothing = (removed: Removed) => Object.values(removed).every((count) => count === 0)

/** Removes what there is of a student; with `until`, what was made until then. */
export async function eraseStudent(
  tx: TenantTx,
  queue: Deps['queue'],
  { tenantId, ...whom }: store.Whom & { tenantId: string },
): Promise<Removed> {
  // Jobs before submissions: that is the order in which a job that fails takes them.
  for (const id of await store.pendingSubmissions(tx, whom)) await cancelCheck(tx, queue, tenantId, id)
  const found = await store.lockSubmissions(tx, whom)
  const ids = found.map(({ id }) => id)
  const { gradings, answers } = await store.countBelongings(tx, ids)
  return {
    submissions: await store.deleteSubmissions(tx, ids),
    gradings,
    files: found.filter(({ hasFile }) => hasFile).length,
    answers,
    responses: await store.deleteResponses(tx, whom, ids),
    deliveries: await store.deleteDeliveries(tx, whom),
    counters: await store.deleteIdleCounters(tx, whom.studentId),
  }
}

async function cancelCheck(tx: TenantTx, queue: Deps['queue'], tenantId: string, submissionId: string) {
  const job = await queue.findActive(tx, tenantId, `check ${submissionId}`)
  if (job === undefined) return
  await queue.cancel(tx, job).catch((error: unknown) => {
    // It ended meanwhile.
    if (!(error instanceof Failure && error.code === jobFinished().code)) throw error
  })
}
