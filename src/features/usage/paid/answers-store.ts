import { sql } from 'kysely'
import type { OperatorTx, TenantTx } from '#platform/db/database.ts'

/** An answer that was paid for. `fingerprint` names what was asked. */
export type StoredAnswer = {
  tenantId: string
  courseId: string
  fingerprint: string
  /** The one material that it is made from, with which it goes; null when there are several. */
  materialId: string | null
  /** The one that it judges, with which it goes. */
  submissionId?: string
  step: string
  answer: unknown
  provider: string
  model: string
  promptVersion: string
}

/** `answer` may be null. */
export type BoughtAnswer = { answer: unknown; provider: string; model: string; prompt_version: string }

/** The answer, which may itself be null, and the model that gave it; undefined when there is none. */
export async function findAnswer(
  tx: TenantTx,
  courseId: string,
  fingerprint: string,
): Promise<BoughtAnswer | undefined> {
  return tx
    .selectFrom('llm_answers')
    .select(['answer', 'provider', 'model', 'prompt_version'])
    .where('course_id', '=', courseId)
    .where('fingerprint', '=', fingerprint)
    .executeTakeFirst()
}

/** Stores an answer, in place of an earlier one to the same. Of a course, material or submission that is gone there is nothing to store. */
export async function keepAnswer(tx: TenantTx, stored: StoredAnswer): Promise<void> {
  const { tenantId, courseId, materialId, fingerprint, step, answer, provider, model, promptVersion } = stored
  const { submissionId = null } = stored
  await tx.deleteFrom('llm_answers').where('course_id', '=', courseId).where('fingerprint', '=', fingerprint).execute()
  await sql`
    INSERT INTO llm_answers (tenant_id, course_id, fingerprint, material_id, submission_id, step, answer, provider, model,
      prompt_version)
    SELECT ${tenantId}::uuid, ${courseId}::uuid, ${fingerprint}, ${materialId}::uuid, ${submissionId}::uuid, ${step}, ${JSON.stringify(answer)}::jsonb,
      ${provider}, ${model}, ${promptVersion}
    WHERE EXISTS (SELECT FROM courses WHERE id = ${courseId}::uuid)
      AND (${materialId}::uuid IS NULL OR EXISTS (
        SELECT FROM materials WHERE id = ${materialId}::uuid AND course_id = ${courseId}::uuid))
      AND (${submissionId}::uuid IS NULL OR EXISTS (SELECT FROM submissions WHERE id = ${submissionId}::uuid))
    ON CONFLICT DO NOTHING`.execute(tx)
}

/** Deletes at most `limit` answers that are older than so many days, and returns how many. */
export async function pruneAnswers(tx: OperatorTx, { days, limit }: { days: number; limit: number }): Promise<number> {
  const { numAffectedRows = 0n } = await sql`
    DELETE FROM llm_answers WHERE ctid = ANY (ARRAY(
      SELECT ctid FROM llm_answers WHERE created_at < now() - make_interval(days => ${days}::int) LIMIT ${limit}::int))`.execute(
    tx,
  )
  return Number(numAffectedRows)
}
