import { sql } from 'kysely'
import type { TenantTx } from '#platform/db/database.ts'
import type { JudgedExercise } from '../grading/verdict.ts'

type Criterion = JudgedExercise['criteria'][number]

export type SplitPlace = { tenantId: string; courseId: string; exerciseId: string; source: string }

/** The criteria that were made of an exercise's text; undefined when there are none yet. */
export async function findSplit(
  tx: TenantTx,
  { exerciseId, source }: Pick<SplitPlace, 'exerciseId' | 'source'>,
): Promise<Criterion[] | undefined> {
  const row = await tx
    .selectFrom('split_criteria')
    .select('criteria')
    .where('exercise_id', '=', exerciseId)
    .where('source', '=', source)
    .executeTakeFirst()
  return row && (row.criteria as unknown as Criterion[])
}

/** Keeps them, unless somebody was quicker: then theirs hold. Of an exercise that is gone there is nothing to keep. */
export async function keepSplit(
  tx: TenantTx,
  split: SplitPlace & { criteria: readonly Criterion[]; model: string; promptVersion: string },
): Promise<void> {
  const { tenantId, courseId, exerciseId, source, criteria, model, promptVersion } = split
  await sql`
    INSERT INTO split_criteria (tenant_id, course_id, exercise_id, source, criteria, model, prompt_version)
    SELECT ${tenantId}::uuid, ${courseId}::uuid, ${exerciseId}::uuid, ${source}, ${JSON.stringify(criteria)}::jsonb, ${model},
      ${promptVersion}
    WHERE EXISTS (SELECT FROM exercises WHERE id = ${exerciseId}::uuid AND course_id = ${courseId}::uuid)
    ON CONFLICT DO NOTHING`.execute(tx)
}
