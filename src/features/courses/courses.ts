import type { Caller } from '#kernel/caller.ts'
import type { Page, PageRequest } from '#kernel/page.ts'
import { brokenConstraint, type Database, type TenantTx } from '#platform/db/database.ts'
import type { Settle } from '#platform/db/settle.ts'
import { newId } from '#platform/ids/index.ts'
import { type Cursors, toPage } from '#platform/paging/index.ts'
import { courseExternalIdTaken, courseNotFound } from './failures.ts'
import type { Course, CourseFields } from './store.ts'
import * as store from './store.ts'

export type { Course } from './store.ts'

type Deps = { db: Pick<Database, 'forTenant'>; cursors: Cursors }

/** Courses of the caller's tenant. An unknown or foreign id is the Failure `course.not_found`. */
export function createCourses({ db, cursors }: Deps) {
  return {
    create: ({ tenantId }: Caller, fields: CourseFields, settle: Settle<Course>) =>
      db.forTenant(tenantId, async (tx) => {
        const course = await named(store.insertCourse(tx, { ...fields, id: newId(), tenantId }))
        await settle(tx, course)
        return course
      }),
    list: (
      { tenantId }: Caller,
      { limit, cursor }: PageRequest,
      externalId: string | undefined,
    ): Promise<Page<Course>> =>
      db.forTenant(tenantId, async (tx) => {
        const list = ['courses', tenantId, externalId ?? '']
        const before = cursor === undefined ? undefined : cursors.decode(list, cursor)
        const rows = await store.listCourses(tx, { limit: limit + 1, before, externalId })
        return toPage(rows, limit, ({ id }) => cursors.encode(list, id))
      }),
    change: ({ tenantId }: Caller, id: string, changes: Partial<CourseFields>) =>
      db.forTenant(tenantId, async (tx) => {
        const course = await named(store.updateCourse(tx, id, changes))
        if (course === undefined) throw courseNotFound()
        return course
      }),
    delete: ({ tenantId }: Caller, id: string) =>
      db.forTenant(tenantId, async (tx) => {
        if (!(await store.deleteCourse(tx, id))) throw courseNotFound()
      }),
  }
}

/** The course, in the tenant scope of the transaction; throws `course.not_found`. */
export async function requireCourse(tx: TenantTx, id: string): Promise<Course> {
  const course = await store.findCourse(tx, id)
  if (course === undefined) throw courseNotFound()
  return course
}

/** As `requireCourse`, and nobody else decides about the course until the transaction ends. */
export async function requireLockedCourse(tx: TenantTx, id: string): Promise<Course> {
  const course = await store.lockCourse(tx, id)
  if (course === undefined) throw courseNotFound()
  return course
}

async function named<T>(work: Promise<T>): Promise<T> {
  try {
    return await work
  } catch (error) {
    if (brokenConstraint(error) === 'courses_tenant_id_external_id_key') throw courseExternalIdTaken()
    throw error
  }
}
