import { requireLockedCourse } from '#features/courses/index.ts'
import { materialsOf } from '#features/materials/index.ts'
import type { Caller } from '#kernel/caller.ts'
import type { Database } from '#platform/db/database.ts'
import type { Settle } from '#platform/db/settle.ts'
import type { Queue } from '#platform/queue/index.ts'
import { authorVersion, materialsPending, noMaterials } from './failures.ts'
import { generateStructure, isAuthors, type Strategy } from './jobs.ts'

export type GenerateOrder = { strategy: Strategy; ignorePending: boolean; replaceAuthor: boolean }

type Deps = { db: Pick<Database, 'forTenant'>; queue: Pick<Queue, 'add' | 'findActive'> }

/** Starts generating; returns the id of the job, the running one's if there is one. */
export function createGenerator({ db, queue }: Deps) {
  return {
    start: (
      { tenantId }: Caller,
      courseId: string,
      { strategy, ignorePending, replaceAuthor }: GenerateOrder,
      settle: Settle<string>,
    ) =>
      db.forTenant(tenantId, async (tx) => {
        const course = await requireLockedCourse(tx, courseId)
        const dedupeKey = `structure ${courseId}`
        const running = await queue.findActive(tx, tenantId, dedupeKey)
        if (running !== undefined) {
          await settle(tx, running)
          return running
        }
        if (!replaceAuthor && (await isAuthors(tx, course))) throw authorVersion()
        const statuses = (await materialsOf(tx, courseId)).map(({ status }) => status)
        if (!ignorePending && statuses.some((status) => status === 'pending' || status === 'processing'))
          throw materialsPending()
        if (!statuses.includes('done')) throw noMaterials()
        const payload = { courseId, strategy, replaceAuthor }
        const { id } = await queue.add(tx, generateStructure, { tenantId, courseId, payload, dedupeKey })
        await settle(tx, id)
        return id
      }),
  }
}
