import { sql } from 'kysely'
import type { TenantTx } from '#platform/db/database.ts'
import { anyOf } from './tree-store.ts'

export type Author = 'outline' | 'llm' | 'author'

/** What is true of one version of a course's structure. */
export type Version = {
  version: number
  generatedBy: Author
  generatedAt: Date
  materialIds: string[]
  expectedKnowledge: string[]
  expectedSkills: string[]
  /** Of what a language model made it from; null for others. */
  fingerprint: string | null
}

export type CoursePlace = { tenantId: string; courseId: string }

export async function findVersion(tx: TenantTx, courseId: string, version: number): Promise<Version | undefined> {
  return tx
    .selectFrom('structures')
    .select([
      'version',
      sql<Author>`generated_by`.as('generatedBy'),
      'generated_at as generatedAt',
      'material_ids as materialIds',
      'expected_knowledge as expectedKnowledge',
      'expected_skills as expectedSkills',
      'fingerprint',
    ])
    .where('course_id', '=', courseId)
    .where('version', '=', version)
    .executeTakeFirst()
}

/** The version that is shown, if there is one. */
export async function findShown(
  tx: TenantTx,
  { id, currentVersion }: { id: string; currentVersion: number | null },
): Promise<Version | undefined> {
  return currentVersion === null ? undefined : findVersion(tx, id, currentVersion)
}

/** The next free number: versions are never reused. Needs the course locked. */
export async function nextVersion(tx: TenantTx, courseId: string): Promise<number> {
  const { next } = await tx
    .selectFrom('structures')
    .select(sql<number>`coalesce(max(version), 0) + 1`.as('next'))
    .where('course_id', '=', courseId)
    .executeTakeFirstOrThrow()
  return next
}

export async function showVersion(tx: TenantTx, courseId: string, version: number): Promise<void> {
  await tx
    .updateTable('courses')
    .set({ current_version: version, updated_at: sql<Date>`now()` })
    .where('id', '=', courseId)
    .execute()
}

/** The newest version that has the lesson. */
export async function newestVersionOfLesson(tx: TenantTx, courseId: string, id: string): Promise<number | undefined> {
  const row = await tx
    .selectFrom('lessons')
    .select('version')
    .where('course_id', '=', courseId)
    .where('id', '=', id)
    .orderBy('version', 'desc')
    .limit(1)
    .executeTakeFirst()
  return row?.version
}

/** The exercise's course, whatever version it is in. */
export async function courseOfExercise(tx: TenantTx, id: string): Promise<string | undefined> {
  return (await tx.selectFrom('exercises').select('course_id').where('id', '=', id).executeTakeFirst())?.course_id
}

export type Part = 'modules' | 'lessons' | 'concepts' | 'exercises'

/** Those of `ids` that some version of the course gave to such a part. */
export async function idsEverGiven(tx: TenantTx, courseId: string, part: Part, ids: string[]): Promise<string[]> {
  if (ids.length === 0) return []
  const rows = await tx
    .selectFrom(part)
    .select('id')
    .distinct()
    .where('course_id', '=', courseId)
    .where('id', '=', anyOf(ids))
    .execute()
  return rows.map(({ id }) => id)
}

/** Those of `ids` that some version of the course cites. */
export async function materialsEverCited(tx: TenantTx, courseId: string, ids: string[]): Promise<string[]> {
  if (ids.length === 0) return []
  const { rows } = await sql<{ id: string }>`
    SELECT video_material_id AS id FROM lessons WHERE course_id = ${courseId}::uuid AND video_material_id = ANY (${ids}::uuid[])
    UNION
    SELECT presentation_material_id FROM lessons
    WHERE course_id = ${courseId}::uuid AND presentation_material_id = ANY (${ids}::uuid[])
    UNION
    SELECT (source ->> 'materialId')::uuid FROM concepts, jsonb_array_elements(sources) AS source
    WHERE course_id = ${courseId}::uuid AND source ->> 'materialId' = ANY (${ids}::text[])`.execute(tx)
  return rows.map(({ id }) => id)
}
