import { setTimeout } from 'node:timers/promises'
import { requireCourse } from '#features/courses/index.ts'
import type { Caller } from '#kernel/caller.ts'
import type { Page, PageRequest } from '#kernel/page.ts'
import type { Database, TenantTx } from '#platform/db/database.ts'
import type { Settle } from '#platform/db/settle.ts'
import { type Cursors, toPage } from '#platform/paging/index.ts'
import type { Queue } from '#platform/queue/index.ts'
import { createTurns } from '#platform/turns/index.ts'
import { checkSubmission } from './checking/kind.ts'
import { submissionNotFound, submissionNotRetryable } from './failures.ts'
import type { Submission } from './submission.ts'
import type { SubmissionFilter } from './submissions-store.ts'
import * as store from './submissions-store.ts'

type Deps = { db: Pick<Database, 'forTenant'>; queue: Pick<Queue, 'add'>; cursors: Cursors }

/** Responses of one process that may wait for their checks at once: of all tenants, and of each. */
const WAITS = { total: 64, perKey: 16 }

/** Milliseconds. */
const LOOK_EVERY = 400

/** Submissions of the caller's tenant. An unknown or foreign id is the Failure `submission.not_found`. */
export function createSubmissions({ db, queue, cursors }: Deps) {
  const turns = createTurns(WAITS)
  const find = ({ tenantId }: Caller, id: string) => db.forTenant(tenantId, (tx) => requireSubmission(tx, id))
  return {
    find,
    list: (
      { tenantId }: Caller,
      courseId: string,
      { limit, cursor }: PageRequest,
      filter: SubmissionFilter,
    ): Promise<Page<Submission>> =>
      db.forTenant(tenantId, async (tx) => {
        await requireCourse(tx, courseId)
        const { studentId = '', exerciseId = '', status = '', updatedSince } = filter
        const list = [
          'submissions',
          tenantId,
          courseId,
          studentId,
          exerciseId,
          status,
          updatedSince?.toISOString() ?? '',
        ]
        const before = cursor === undefined ? undefined : cursors.decode(list, cursor)
        const rows = await store.listSubmissions(tx, { courseId, limit: limit + 1, before, filter })
        return toPage(rows, limit, ({ id }) => cursors.encode(list, id))
      }),
    /** Checks again what ended in an error. What was paid for before is not bought again. */
    retry: ({ tenantId }: Caller, id: string, settle: Settle<Submission>): Promise<Submission> =>
      db.forTenant(tenantId, async (tx) => {
        const { courseId } = await requireSubmission(tx, id)
        if (!(await store.changeStatus(tx, id, ['error'], 'queued'))) throw submissionNotRetryable()
        const submission = await requireSubmission(tx, id)
        await settle(tx, submission)
        await queue.add(tx, checkSubmission, {
          tenantId,
          courseId,
          payload: { submissionId: id },
          dedupeKey: `check ${id}`,
        })
        return submission
      }),
    /**
     * The submission as it is when it is finished, when the time is over or when `signal` aborts, whichever comes first. Undefined at once
     * when it is not finished and too many are waited for already.
     */
    async wait(
      caller: Caller,
      submission: Submission,
      milliseconds: number,
      signal: AbortSignal,
    ): Promise<Submission | undefined> {
      if (submission.finishedAt !== null) return submission
      const leave = turns.tryAcquire(caller.tenantId)
      if (leave === undefined) return undefined
      try {
        const until = Date.now() + milliseconds
        let found = submission
        while (found.finishedAt === null && !signal.aborted) {
          const left = until - Date.now()
          if (left <= 0) break
          await setTimeout(Math.min(LOOK_EVERY, left), undefined, { signal }).catch(() => undefined)
          found = await find(caller, submission.id)
        }
        return found
      } finally {
        leave()
      }
    },
  }
}

async function requireSubmission(tx: TenantTx, id: string): Promise<Submission> {
  const submission = await store.findSubmission(tx, id)
  if (submission === undefined) throw submissionNotFound()
  return submission
}
