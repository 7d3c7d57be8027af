import { requireCourse } from '#features/courses/index.ts'
import type { Caller } from '#kernel/caller.ts'
import type { Page, PageRequest } from '#kernel/page.ts'
import type { Database } from '#platform/db/database.ts'
import { type Cursors, toPage } from '#platform/paging/index.ts'
import * as store from './quality-store.ts'

/** How far the grading of one exercise can be relied on. */
export type Quality = store.ReviewedExercise & { criteria: store.Agreement[] }

type Deps = { db: Pick<Database, 'forTenant'>; cursors: Cursors }

/** How often people disagree with models: of the exercises that have reviews, newest first. Throws `course.not_found`. */
export function createQuality({ db, cursors }: Deps) {
  return ({ tenantId }: Caller, courseId: string, { limit, cursor }: PageRequest): Promise<Page<Quality>> =>
    db.forTenant(tenantId, async (tx) => {
      await requireCourse(tx, courseId)
      const list = ['grading quality', tenantId, courseId]
      const before = cursor === undefined ? undefined : cursors.decode(list, cursor)
      const rows = await store.reviewedExercises(tx, { courseId, limit: limit + 1, before })
      const { items, nextCursor } = toPage(rows, limit, ({ id }) => cursors.encode(list, id))
      const criteria = await store.agreements(
        tx,
        courseId,
        items.map(({ id }) => id),
      )
      const of = Map.groupBy(criteria, ({ exerciseId }) => exerciseId)
      return { items: items.map((exercise) => ({ ...exercise, criteria: of.get(exercise.id) ?? [] })), nextCursor }
    })
}
