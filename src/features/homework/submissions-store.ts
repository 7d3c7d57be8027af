import { sql } from 'kysely'
import type { TenantTx } from '#platform/db/database.ts'
import type { HandedIn, JudgedExercise, Result, ReviewReason } from './grading/verdict.ts'
import type { Ending, Review, Submission, SubmissionStatus } from './submission.ts'

export type NewSubmission = Pick<
  Submission,
  | 'id'
  | 'courseId'
  | 'lessonId'
  | 'exerciseId'
  | 'studentId'
  | 'structureVersion'
  | 'answer'
  | 'file'
  | 'exercise'
  | 'language'
> & { tenantId: string; fingerprint: string }

type Who = { tenantId: string; exerciseId: string; studentId: string }

/** Until the transaction ends, the course is not deleted. */
export async function keepCourse(tx: TenantTx, id: string): Promise<void> {
  await tx.selectFrom('courses').select('id').where('id', '=', id).forKeyShare().execute()
}

/** Until the transaction ends, nobody else hands in for this student and exercise. */
export async function lockAttempts(tx: TenantTx, { tenantId, exerciseId, studentId }: Who): Promise<void> {
  await sql`SELECT pg_advisory_xact_lock(hashtextextended(${`homework ${tenantId} ${exerciseId} ${studentId}`}, 0))`.execute(
    tx,
  )
}

/** The newest submission with this fingerprint that ended well, or that is on its way. It stays until the transaction ends. */
export async function findSame(
  tx: TenantTx,
  { exerciseId, studentId, fingerprint }: Omit<Who, 'tenantId'> & { fingerprint: string },
) {
  const row = await tx
    .selectFrom('submissions')
    .selectAll()
    .where('exercise_id', '=', exerciseId)
    .where('student_id', '=', studentId)
    .where('fingerprint', '=', fingerprint)
    .where('status', '<>', 'error')
    .orderBy('id', 'desc')
    .limit(1)
    .forKeyShare()
    .executeTakeFirst()
  return row && fromRow(row)
}

/** Takes the number of the next attempt; undefined when `max` are used. */
export async function takeAttempt(
  tx: TenantTx,
  { tenantId, courseId, exerciseId, studentId, max }: Who & { courseId: string; max: number },
) {
  const { rows } = await sql<{ attempts: number }>`
    INSERT INTO attempt_counters AS c (tenant_id, course_id, exercise_id, student_id, attempts)
    VALUES (${tenantId}::uuid, ${courseId}::uuid, ${exerciseId}::uuid, ${studentId}, 1)
    ON CONFLICT (tenant_id, exercise_id, student_id) DO UPDATE SET attempts = c.attempts + 1 WHERE c.attempts < ${max}
    RETURNING attempts`.execute(tx)
  return rows[0]?.attempts
}

/** Adds one that waits to be checked. */
export async function insertSubmission(tx: TenantTx, attempt: number, submission: NewSubmission): Promise<Submission> {
  const { file } = submission
  const row = await tx
    .insertInto('submissions')
    .values({
      id: submission.id,
      tenant_id: submission.tenantId,
      course_id: submission.courseId,
      lesson_id: submission.lessonId,
      exercise_id: submission.exerciseId,
      structure_version: submission.structureVersion,
      student_id: submission.studentId,
      attempt,
      answer: submission.answer === null ? null : JSON.stringify(submission.answer),
      filename: file?.filename ?? null,
      content_type: file?.contentType ?? null,
      object_key: file?.objectKey ?? null,
      size_bytes: file?.sizeBytes ?? null,
      sha256: file?.sha256 ?? null,
      fingerprint: submission.fingerprint,
      exercise: JSON.stringify(submission.exercise),
      language: submission.language,
    })
    .returningAll()
    .executeTakeFirstOrThrow()
  return fromRow(row)
}

export async function findSubmission(tx: TenantTx, id: string): Promise<Submission | undefined> {
  const row = await tx.selectFrom('submissions').selectAll().where('id', '=', id).executeTakeFirst()
  return row && fromRow(row)
}

/** The same, and nobody else changes it until the transaction ends. */
export async function lockSubmission(tx: TenantTx, id: string): Promise<Submission | undefined> {
  const row = await tx.selectFrom('submissions').selectAll().where('id', '=', id).forUpdate().executeTakeFirst()
  return row && fromRow(row)
}

export type SubmissionFilter = {
  studentId?: string | undefined
  exerciseId?: string | undefined
  status?: SubmissionStatus | undefined
  updatedSince?: Date | undefined
}

/** Newest first: those before `before`. */
export async function listSubmissions(
  tx: TenantTx,
  {
    courseId,
    limit,
    before,
    filter,
  }: { courseId: string; limit: number; before: string | undefined; filter: SubmissionFilter },
): Promise<Submission[]> {
  const { studentId, exerciseId, status, updatedSince } = filter
  const rows = await tx
    .selectFrom('submissions')
    .selectAll()
    .where('course_id', '=', courseId)
    .$if(before !== undefined, (query) => query.where('id', '<', before ?? ''))
    .$if(studentId !== undefined, (query) => query.where('student_id', '=', studentId ?? ''))
    .$if(exerciseId !== undefined, (query) => query.where('exercise_id', '=', exerciseId ?? ''))
    .$if(status !== undefined, (query) => query.where('status', '=', status ?? ''))
    .$if(updatedSince !== undefined, (query) => query.where('updated_at', '>=', updatedSince ?? new Date(0)))
    .orderBy('id', 'desc')
    .limit(limit)
    .execute()
  return rows.map(fromRow)
}

/** Moves it from one of these statuses to one that is not an end; false when it has another. */
export async function changeStatus(
  tx: TenantTx,
  id: string,
  from: readonly SubmissionStatus[],
  to: 'queued' | 'checking',
): Promise<boolean> {
  const { numUpdatedRows } = await tx
    .updateTable('submissions')
    .set({
      status: to,
      review_reasons: '[]',
      finished_at: null,
      error_code: null,
      error_message: null,
      updated_at: sql`now()`,
    })
    .where('id', '=', id)
    .where('status', 'in', [...from])
    .executeTakeFirst()
  return numUpdatedRows > 0n
}

/** Writes down how the check ended; false when it is gone, or a person was quicker. */
export async function endSubmission(tx: TenantTx, id: string, ending: Ending): Promise<boolean> {
  const error = 'error' in ending ? ending.error : null
  const { numUpdatedRows } = await tx
    .updateTable('submissions')
    .set({
      status: ending.status,
      result: ending.result === null ? null : JSON.stringify(ending.result),
      ...reasonsOf(ending),
      error_code: error?.code ?? null,
      error_message: error?.message ?? null,
      updated_at: sql`now()`,
      finished_at: sql`now()`,
    })
    .where('id', '=', id)
    .where('status', 'in', ['queued', 'checking'])
    .executeTakeFirst()
  return numUpdatedRows > 0n
}

/** As a row has them. */
export const reasonsOf = (ending: Ending) => ({
  review_reasons: JSON.stringify('reasons' in ending ? ending.reasons : []),
})

/** The text of a file that was handed in. */
export async function saveText(tx: TenantTx, id: string, text: string): Promise<void> {
  await tx
    .updateTable('submissions')
    .set({ answer: JSON.stringify(text) })
    .where('id', '=', id)
    .execute()
}

/** The exercise as the submission was judged by it. */
export async function saveExercise(tx: TenantTx, id: string, exercise: JudgedExercise): Promise<void> {
  await tx
    .updateTable('submissions')
    .set({ exercise: JSON.stringify(exercise) })
    .where('id', '=', id)
    .execute()
}

type Row = {
  id: string
  course_id: string
  lesson_id: string
  exercise_id: string
  student_id: string
  attempt: number
  structure_version: number
  answer: unknown
  filename: string | null
  content_type: string | null
  object_key: string | null
  size_bytes: string | null
  sha256: string | null
  exercise: unknown
  language: string | null
  status: string
  result: unknown
  review: unknown
  review_reasons: unknown
  error_code: string | null
  error_message: string | null
  created_at: Date
  updated_at: Date
  finished_at: Date | null
}

export function fromRow(row: Row): Submission {
  const { error_code: code, error_message: message } = row
  return {
    id: row.id,
    courseId: row.course_id,
    lessonId: row.lesson_id,
    exerciseId: row.exercise_id,
    studentId: row.student_id,
    attempt: row.attempt,
    structureVersion: row.structure_version,
    answer: row.answer as HandedIn | null,
    file: fileOf(row),
    exercise: row.exercise as JudgedExercise,
    language: row.language,
    status: row.status as SubmissionStatus,
    result: row.result as Result | null,
    review: row.review as Review | null,
    reviewReasons: row.review_reasons as ReviewReason[],
    error: code === null ? null : { code, message: message ?? code },
    createdAt: row.created_at,
    updatedAt: row.updated_at,
    finishedAt: row.finished_at,
  }
}

function fileOf({ filename, content_type: contentType, object_key: objectKey, size_bytes, sha256 }: Row) {
  if (filename === null || objectKey === null) return null
  return { filename, contentType, objectKey, sizeBytes: Number(size_bytes), sha256: sha256 ?? '' }
}
