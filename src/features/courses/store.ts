import { sql } from 'kysely'
import type { TenantTx } from '#platform/db/database.ts'

export type Course = {
  id: string
  externalId: string | null
  title: string
  description: string | null
  learningGoal: string | null
  /** Of the structure that is shown. */
  currentVersion: number | null
  createdAt: Date
  updatedAt: Date
}

export type CourseFields = Pick<Course, 'title' | 'description' | 'learningGoal' | 'externalId'>

const COURSE = [
  'id',
  'external_id as externalId',
  'title',
  'description',
  'learning_goal as learningGoal',
  'current_version as currentVersion',
  'created_at as createdAt',
  'updated_at as updatedAt',
] as const

export async function insertCourse(
  tx: TenantTx,
  { id, tenantId, ...fields }: CourseFields & { id: string; tenantId: string },
): Promise<Course> {
  return tx
    .insertInto('courses')
    .values({ id, tenant_id: tenantId, ...columns(fields) } as never)
    .returning(COURSE)
    .executeTakeFirstOrThrow()
}

export async function findCourse(tx: TenantTx, id: string): Promise<Course | undefined> {
  return tx.selectFrom('courses').select(COURSE).where('id', '=', id).executeTakeFirst()
}

/** Holds the row until the transaction ends, so that what depends on the course's state is decided once at a time. */
export async function lockCourse(tx: TenantTx, id: string): Promise<Course | undefined> {
  return tx.selectFrom('courses').select(COURSE).where('id', '=', id).forUpdate().executeTakeFirst()
}

export async function listCourses(
  tx: TenantTx,
  { limit, before, externalId }: { limit: number; before: string | undefined; externalId: string | undefined },
): Promise<Course[]> {
  return tx
    .selectFrom('courses')
    .select(COURSE)
    .$if(before !== undefined, (query) => query.where('id', '<', before ?? ''))
    .$if(externalId !== undefined, (query) => query.where('external_id', '=', externalId ?? ''))
    .orderBy('id', 'desc')
    .limit(limit)
    .execute()
}

export async function updateCourse(
  tx: TenantTx,
  id: string,
  changes: Partial<CourseFields>,
): Promise<Course | undefined> {
  return tx
    .updateTable('courses')
    .set({ ...columns(changes), updated_at: sql<Date>`now()` })
    .where('id', '=', id)
    .returning(COURSE)
    .executeTakeFirst()
}

export async function deleteCourse(tx: TenantTx, id: string): Promise<boolean> {
  const { numDeletedRows } = await tx.deleteFrom('courses').where('id', '=', id).executeTakeFirst()
  return numDeletedRows === 1n
}

function columns({ title, description, learningGoal, externalId }: Partial<CourseFields>) {
  return {
    ...(title === undefined ? {} : { title }),
    ...(description === undefined ? {} : { description }),
    ...(learningGoal === undefined ? {} : { learning_goal: learningGoal }),
    ...(externalId === undefined ? {} : { external_id: externalId }),
  }
}

export type SlideMapping = {
  id: string
  slideNumber: number
  videoTimecode: string
  presentationId: string | null
  videoId: string | null
}

const MAPPING = [
  'id',
  'slide_number as slideNumber',
  'video_timecode as videoTimecode',
  'presentation_id as presentationId',
  'video_id as videoId',
] as const

/** Returns the ids of those that are kept: a slide that is mapped already is left out. */
export async function insertSlideMappings(
  tx: TenantTx,
  { tenantId, courseId, mappings }: { tenantId: string; courseId: string; mappings: SlideMapping[] },
): Promise<Set<string>> {
  // In one order, whatever the request's: two requests with the same slides would wait for each other.
  const rows = mappings.toSorted(bySlide).map((mapping) => ({
    id: mapping.id,
    tenant_id: tenantId,
    course_id: courseId,
    slide_number: mapping.slideNumber,
    video_timecode: mapping.videoTimecode,
    presentation_id: mapping.presentationId,
    video_id: mapping.videoId,
  }))
  const kept = await tx
    .insertInto('slide_mappings')
    .values(rows)
    .onConflict((conflict) => conflict.doNothing())
    .returning('id')
    .execute()
  return new Set(kept.map(({ id }) => id))
}

function bySlide(a: SlideMapping, b: SlideMapping): number {
  const [one, other] = [a.presentationId ?? '', b.presentationId ?? '']
  return one === other ? a.slideNumber - b.slideNumber : one < other ? -1 : 1
}

export async function listSlideMappings(
  tx: TenantTx,
  { courseId, limit, before }: { courseId: string; limit: number; before?: string | undefined },
): Promise<SlideMapping[]> {
  return tx
    .selectFrom('slide_mappings')
    .select(MAPPING)
    .where('course_id', '=', courseId)
    .$if(before !== undefined, (query) => query.where('id', '<', before ?? ''))
    .orderBy('id', 'desc')
    .limit(limit)
    .execute()
}

/** In the order of time, as a course shows them. */
export async function slideMappingsOf(tx: TenantTx, courseId: string): Promise<SlideMapping[]> {
  return tx
    .selectFrom('slide_mappings')
    .select(MAPPING)
    .where('course_id', '=', courseId)
    .orderBy('presentation_id')
    .orderBy('slide_number')
    .execute()
}

export async function deleteSlideMappings(
  tx: TenantTx,
  courseId: string,
  slideNumber: number | undefined,
): Promise<void> {
  await tx
    .deleteFrom('slide_mappings')
    .where('course_id', '=', courseId)
    .$if(slideNumber !== undefined, (query) => query.where('slide_number', '=', slideNumber ?? 0))
    .execute()
}

/** The course's materials by id, with their source type. */
export async function materialKinds(tx: TenantTx, courseId: string): Promise<Map<string, string>> {
  const rows = await tx
    .selectFrom('materials')
    .select(['id', 'source_type'])
    .where('course_id', '=', courseId)
    .execute()
  return new Map(rows.map((row) => [row.id, row.source_type]))
}
