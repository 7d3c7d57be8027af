import { sql } from 'kysely'
import type { TenantTx } from '#platform/db/database.ts'
import type { Standing } from './progress.ts'

/** Of a student, by course. */
export type StandingInCourse = Standing & { courseId: string }

/** Of a course, by student. */
export type StandingOfStudent = Standing & { studentId: string }

// Only a check that is over, by key, model or person, has a score that counts: one that waits for a review may still change.
const FINAL = sql`CASE WHEN status = 'done' THEN result END`

const STANDING = sql`count(*)::int AS attempts, max(score) AS "bestScore",
  (array_agg(score ORDER BY attempt DESC) FILTER (WHERE score IS NOT NULL))[1] AS "lastScore",
  coalesce(bool_or(passed), false) AS passed, max(created_at) AS "lastActivityAt"`

const GRADED = sql`course_id, exercise_id, student_id, attempt, created_at,
  (${FINAL} ->> 'score')::int AS score, (${FINAL} ->> 'passed')::boolean AS passed`

/** In all courses, or in one. */
export async function standingsOfStudent(
  tx: TenantTx,
  studentId: string,
  courseId: string | undefined,
): Promise<StandingInCourse[]> {
  const { rows } = await sql<StandingInCourse>`
    SELECT course_id AS "courseId", exercise_id AS "exerciseId", ${STANDING}
    FROM (
      SELECT ${GRADED} FROM submissions
      WHERE student_id = ${studentId} AND (${courseId ?? null}::uuid IS NULL OR course_id = ${courseId ?? null}::uuid)
    ) AS s
    GROUP BY course_id, exercise_id ORDER BY course_id, exercise_id`.execute(tx)
  return rows
}

export async function isKnown(tx: TenantTx, studentId: string): Promise<boolean> {
  const row = await tx.selectFrom('submissions').select('id').where('student_id', '=', studentId).limit(1).execute()
  return row.length > 0
}

export async function coursesOf(tx: TenantTx, ids: readonly string[]) {
  const { rows } = await sql<{ id: string; title: string; currentVersion: number | null }>`
    SELECT id, title, current_version AS "currentVersion" FROM courses WHERE id = ANY (${ids}::uuid[])`.execute(tx)
  return new Map(rows.map((course) => [course.id, course]))
}

/** Students who have handed in something to a course, in the order of their ids' bytes; those after `after`. */
export async function studentsOf(
  tx: TenantTx,
  { courseId, after, limit }: { courseId: string; after: string | undefined; limit: number },
): Promise<string[]> {
  const { rows } = await sql<{ id: string }>`
    SELECT DISTINCT student_id COLLATE "C" AS id FROM submissions
    WHERE course_id = ${courseId}::uuid AND student_id COLLATE "C" > ${after ?? ''}
    ORDER BY id LIMIT ${limit}`.execute(tx)
  return rows.map(({ id }) => id)
}

/** Of these students in one course. */
export async function standingsOfCourse(
  tx: TenantTx,
  courseId: string,
  studentIds: readonly string[],
): Promise<StandingOfStudent[]> {
  const { rows } = await sql<StandingOfStudent>`
    SELECT student_id AS "studentId", exercise_id AS "exerciseId", ${STANDING}
    FROM (
      SELECT ${GRADED} FROM submissions
      WHERE course_id = ${courseId}::uuid AND student_id COLLATE "C" = ANY (${studentIds}::text[])
    ) AS s
    GROUP BY student_id, exercise_id`.execute(tx)
  return rows
}
