import { sql } from 'kysely'
import type { TenantTx } from '#platform/db/database.ts'

export type ExportedFile = { filename: string; contentType: string | null; objectKey: string | null }

/** `json` is an object as text, as PostgreSQL wrote it: numbers of any size stay exact. */
export type ExportedSubmission = { id: string; json: string; file: ExportedFile | null }

const MOMENT = (column: string) => sql`to_char(${sql.ref(column)} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`

/**
 * Submissions of a student in the order of time, after that one, with how they were judged. What models were asked holds the reference
 * solution, and what they answered may: both are left null unless `withModels`.
 */
export async function exportSubmissions(
  tx: TenantTx,
  studentId: string,
  { after, limit, withModels }: { after: string | undefined; limit: number; withModels: boolean },
): Promise<ExportedSubmission[]> {
  const { rows } = await sql<ExportedSubmission>`
    SELECT s.id,
      CASE WHEN s.filename IS NOT NULL THEN jsonb_build_object(
        'filename', s.filename, 'contentType', s.content_type, 'objectKey', s.object_key) END AS file,
      jsonb_build_object(
        'id', s.id, 'course_id', s.course_id, 'lesson_id', s.lesson_id, 'exercise_id', s.exercise_id,
        'structure_version', s.structure_version, 'attempt', s.attempt, 'language', s.language,
        'exercise', jsonb_build_object('kind', s.exercise -> 'kind', 'description', s.exercise -> 'description'),
        'answer', s.answer, 'status', s.status, 'result', s.result, 'review', s.review,
        'review_reasons', s.review_reasons,
        'error', CASE WHEN s.error_code IS NOT NULL THEN jsonb_build_object('code', s.error_code, 'message', s.error_message) END,
        'created_at', ${MOMENT('s.created_at')}, 'updated_at', ${MOMENT('s.updated_at')},
        'finished_at', ${MOMENT('s.finished_at')},
        'gradings', (SELECT coalesce(jsonb_agg(jsonb_build_object(
            'kind', g.kind, 'provider', g.provider, 'model', g.model, 'prompt_version', g.prompt_version,
            'questions', CASE WHEN ${withModels} THEN g.questions END, 'replies', CASE WHEN ${withModels} THEN g.replies END,
            'verdicts', g.verdicts,
            'status', g.status, 'result', g.result, 'reviewer_id', g.reviewer_id, 'comment', g.comment,
            'differences', g.differences, 'created_at', ${MOMENT('g.created_at')}) ORDER BY g.id), '[]')
          FROM gradings g
          WHERE (g.tenant_id, g.course_id, g.submission_id) = (s.tenant_id, s.course_id, s.id)),
        'model_answers', CASE WHEN ${withModels} THEN (SELECT coalesce(jsonb_agg(jsonb_build_object(
            'step', a.step, 'provider', a.provider, 'model', a.model, 'prompt_version', a.prompt_version,
            'answer', a.answer, 'created_at', ${MOMENT('a.created_at')}) ORDER BY a.created_at), '[]')
          FROM llm_answers a
          WHERE (a.tenant_id, a.course_id, a.submission_id) = (s.tenant_id, s.course_id, s.id)) END
      )::text AS json
    FROM submissions s
    WHERE s.student_id = ${studentId} AND (${after ?? null}::uuid IS NULL OR s.id > ${after ?? null}::uuid)
    ORDER BY s.id LIMIT ${limit}`.execute(tx)
  return rows
}

/** How often the student has tried what, as JSON objects. */
export async function exportCounters(tx: TenantTx, studentId: string): Promise<string[]> {
  const { rows } = await sql<{ json: string }>`
    SELECT jsonb_build_object('course_id', course_id, 'exercise_id', exercise_id, 'attempts', attempts)::text AS json
    FROM attempt_counters WHERE student_id = ${studentId} ORDER BY exercise_id`.execute(tx)
  return rows.map(({ json }) => json)
}

/** Events that were or are to be sent about the student, in the order of time, after that one. */
export async function exportDeliveries(
  tx: TenantTx,
  studentId: string,
  { after, limit }: { after: string | undefined; limit: number },
): Promise<{ id: string; json: string }[]> {
  const { rows } = await sql<{ id: string; json: string }>`
    SELECT id, jsonb_build_object('id', id, 'event', event, 'payload', payload, 'status', status,
      'created_at', ${MOMENT('created_at')}, 'delivered_at', ${MOMENT('delivered_at')})::text AS json
    FROM webhook_deliveries
    WHERE student_id = ${studentId} AND (${after ?? null}::uuid IS NULL OR id > ${after ?? null}::uuid)
    ORDER BY id LIMIT ${limit}`.execute(tx)
  return rows
}

/** Whether there is anything of the student. */
export async function isHeld(tx: TenantTx, studentId: string): Promise<boolean> {
  const { rows } = await sql<{ held: boolean }>`
    SELECT EXISTS (SELECT FROM submissions WHERE student_id = ${studentId})
      OR EXISTS (SELECT FROM attempt_counters WHERE student_id = ${studentId})
      OR EXISTS (SELECT FROM webhook_deliveries WHERE student_id = ${studentId}) AS held`.execute(tx)
  return rows[0]?.held === true
}
