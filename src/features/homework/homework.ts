import { requireCourse } from '#features/courses/index.ts'
import type { Caller } from '#kernel/caller.ts'
import { invalid } from '#kernel/failure.ts'
import type { Page } from '#kernel/page.ts'
import type { Database } from '#platform/db/database.ts'
import { homeworkNotAvailable, studentNotFound, submissionNotFound } from './failures.ts'

type Deps = { db: Pick<Database, 'forTenant'> }

/**
 * The check service's place. No installation grades yet, so nothing can have been submitted: every submission and student is unknown,
 * and a new answer is refused before anything is kept.
 */
export function createHomework({ db }: Deps) {
  return {
    check: ({ tenantId }: Caller, courseId: string): Promise<never> =>
      db.forTenant(tenantId, async (tx) => {
        await requireCourse(tx, courseId)
        throw homeworkNotAvailable()
      }),
    list: ({ tenantId }: Caller, courseId: string, cursor: string | undefined): Promise<Page<never>> =>
      db.forTenant(tenantId, async (tx) => {
        await requireCourse(tx, courseId)
        // No page was ever handed out that could be continued.
        if (cursor !== undefined) throw invalid('cursor', 'is not a cursor of this list')
        return { items: [], nextCursor: null }
      }),
    requireSubmission: async (): Promise<never> => {
      throw submissionNotFound()
    },
    requireProgress: async (): Promise<never> => {
      throw studentNotFound()
    },
  }
}
