import { sql } from 'kysely'
import type { TenantTx } from '#platform/db/database.ts'

/** How people and models agree on one criterion of an exercise. */
export type Agreement = {
  exerciseId: string
  id: string
  criterion: string
  /** Submissions of which both have spoken, a person clearly. */
  reviewed: number
  /** Of these, those that the model had left open. */
  unclear: number
  metToNot: number
  notToMet: number
}

export type ReviewedExercise = { id: string; reviews: number }

/** Exercises of a course with reviewed submissions, newest first: those before `before`. */
export async function reviewedExercises(
  tx: TenantTx,
  { courseId, limit, before }: { courseId: string; limit: number; before: string | undefined },
): Promise<ReviewedExercise[]> {
  const rows = await tx
    .selectFrom('submissions')
    .select(({ fn }) => ['exercise_id as id', fn.countAll<string>().as('reviews')])
    .where('course_id', '=', courseId)
    .where('review', 'is not', null)
    .$if(before !== undefined, (query) => query.where('exercise_id', '<', before ?? ''))
    .groupBy('exercise_id')
    .orderBy('exercise_id', 'desc')
    .limit(limit)
    .execute()
  return rows.map(({ id, reviews }) => ({ id, reviews: Number(reviews) }))
}

/** The latest word of a model on each reviewed submission beside the latest of a person, added up. What only one of them has judged does not count. */
export async function agreements(tx: TenantTx, courseId: string, exerciseIds: readonly string[]): Promise<Agreement[]> {
  const latest = (kinds: readonly string[]) => sql`
    SELECT DISTINCT ON (g.submission_id) g.submission_id, g.verdicts FROM reviewed r
    JOIN gradings g ON g.course_id = ${courseId}::uuid AND g.submission_id = r.id
    WHERE g.kind = ANY(${kinds}::text[]) AND g.verdicts <> '[]' ORDER BY g.submission_id, g.id DESC`
  const { rows } = await sql<Agreement>`
    WITH reviewed AS (
      SELECT id, exercise_id FROM submissions
      WHERE course_id = ${courseId}::uuid AND review IS NOT NULL AND exercise_id = ANY(${exerciseIds}::uuid[])
    ), human AS (${latest(['human'])}), model AS (${latest(['llm', 'answer_key'])}), pairs AS (
      SELECT r.exercise_id, r.id AS submission_id, h ->> 'id' AS id, h ->> 'criterion' AS criterion,
        m ->> 'met' AS model, h ->> 'met' AS human
      FROM reviewed r
      JOIN human ON human.submission_id = r.id CROSS JOIN LATERAL jsonb_array_elements(human.verdicts) AS h
      JOIN model ON model.submission_id = r.id CROSS JOIN LATERAL jsonb_array_elements(model.verdicts) AS m
      WHERE m ->> 'id' = h ->> 'id' AND h ->> 'met' <> 'unclear'
    )
    SELECT exercise_id AS "exerciseId", id, (array_agg(criterion ORDER BY submission_id DESC))[1] AS criterion,
      count(*)::int AS reviewed, count(*) FILTER (WHERE model = 'unclear')::int AS unclear,
      count(*) FILTER (WHERE model = 'met' AND human = 'not_met')::int AS "metToNot",
      count(*) FILTER (WHERE model = 'not_met' AND human = 'met')::int AS "notToMet"
    FROM pairs GROUP BY exercise_id, id ORDER BY exercise_id DESC, id COLLATE "C"`.execute(tx)
  return rows
}
