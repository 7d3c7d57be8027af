import { type Course, requireCourse, type SlideMapping, slideMappingsOf } from '#features/courses/index.ts'
import { type Material, materialsOf } from '#features/materials/index.ts'
import type { Caller } from '#kernel/caller.ts'
import type { Page, PageRequest } from '#kernel/page.ts'
import type { Database, TenantTx } from '#platform/db/database.ts'
import { type Cursors, toPage } from '#platform/paging/index.ts'
import { lessonNotFound, versionNotFound } from './failures.ts'
import { type LessonSummary, listExercises, listLessons } from './list-store.ts'
import type { Version } from './store.ts'
import * as store from './store.ts'
import type { CourseTree } from './tree.ts'
import { loadLessons, loadTree, type PlacedExercise, type PlacedLesson } from './tree-store.ts'

export type { LessonSummary } from './list-store.ts'
export type { PlacedExercise, PlacedLesson } from './tree-store.ts'

/** A course with everything in it. `version` and `tree` are null and empty until there is a structure. */
export type CourseDetail = {
  course: Course
  materials: Material[]
  slideMappings: SlideMapping[]
  version: (Version & { stale: boolean }) | null
  tree: CourseTree
}

type Deps = { db: Pick<Database, 'forTenant'>; cursors: Cursors }

/** What the structure says. Unknown or foreign ids are the Failures `course.not_found`, `lesson.not_found`, `structure.version_not_found`. */
export function createReading({ db, cursors }: Deps) {
  return {
    detail: ({ tenantId }: Caller, courseId: string, version?: number) =>
      db.forTenant(tenantId, (tx) => readDetail(tx, courseId, version)),
    lessons: ({ tenantId }: Caller, courseId: string, { limit, cursor }: PageRequest): Promise<Page<LessonSummary>> =>
      db.forTenant(tenantId, async (tx) => {
        const { currentVersion } = await requireCourse(tx, courseId)
        const list = ['lessons', tenantId, courseId]
        // The cursor keeps to the version of the first page, so that a new one in between moves nothing.
        const [version, skip] = cursor === undefined ? [currentVersion, 0] : readPosition(cursors.decode(list, cursor))
        const slice = { skip, limit: limit + 1 }
        const lessons = version === null ? [] : await listLessons(tx, { courseId, version }, slice)
        return toPage(lessons, limit, () => cursors.encode(list, `${version} ${skip + limit}`))
      }),
    /** In the newest version that has it. */
    lesson: ({ tenantId }: Caller, courseId: string, lessonId: string): Promise<PlacedLesson> =>
      db.forTenant(tenantId, async (tx) => {
        await requireCourse(tx, courseId)
        const version = await store.newestVersionOfLesson(tx, courseId, lessonId)
        const [lesson] = version === undefined ? [] : await loadLessons(tx, { courseId, version }, [lessonId])
        if (lesson === undefined) throw lessonNotFound()
        return lesson
      }),
    exercises: (
      { tenantId }: Caller,
      courseId: string,
      { limit, cursor }: PageRequest,
      externalId: string | undefined,
    ): Promise<Page<PlacedExercise>> =>
      db.forTenant(tenantId, async (tx) => {
        const { currentVersion } = await requireCourse(tx, courseId)
        const list = ['exercises', tenantId, courseId, externalId ?? '']
        const [version, skip] = cursor === undefined ? [currentVersion, 0] : readPosition(cursors.decode(list, cursor))
        const slice = { skip, limit: limit + 1, externalId }
        const found = version === null ? [] : await listExercises(tx, { courseId, version }, slice)
        return toPage(found, limit, () => cursors.encode(list, `${version} ${skip + limit}`))
      }),
  }
}

/** The whole course in the tenant scope of the transaction, in its current version or an earlier one. */
export async function readDetail(tx: TenantTx, courseId: string, wanted?: number): Promise<CourseDetail> {
  const course = await requireCourse(tx, courseId)
  const number = wanted ?? course.currentVersion
  const version = number === null ? undefined : await store.findVersion(tx, courseId, number)
  if (wanted !== undefined && version === undefined) throw versionNotFound()
  const materials = await materialsOf(tx, courseId)
  return {
    course,
    materials,
    slideMappings: await slideMappingsOf(tx, courseId),
    version: version === undefined ? null : { ...version, stale: isStale(version, materials) },
    tree: version === undefined ? { modules: [] } : await loadTree(tx, courseId, version.version),
  }
}

function isStale({ materialIds }: Version, materials: Material[]): boolean {
  const done = materials.filter(({ status }) => status === 'done').map(({ id }) => id)
  return done.length !== materialIds.length || done.some((id) => !materialIds.includes(id))
}

function readPosition(position: string): [number, number] {
  const [version = 0, skip = 0] = position.split(' ').map(Number)
  return [version, skip]
}
