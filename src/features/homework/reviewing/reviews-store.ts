import { sql } from 'kysely'
import type { TenantTx } from '#platform/db/database.ts'
import type { Result, Verdict } from '../grading/verdict.ts'
import type { Review } from '../submission.ts'

/** The latest word on a submission that is no person's; undefined when there is none. */
export async function findWord(
  tx: TenantTx,
  { id, courseId }: { id: string; courseId: string },
): Promise<{ verdicts: Verdict[]; result: Result | null } | undefined> {
  const row = await tx
    .selectFrom('gradings')
    .select(['verdicts', 'result'])
    .where('course_id', '=', courseId)
    .where('submission_id', '=', id)
    .where('kind', '<>', 'human')
    .orderBy('id', 'desc')
    .limit(1)
    .executeTakeFirst()
  return row && { verdicts: row.verdicts as unknown as Verdict[], result: row.result as unknown as Result | null }
}

/** A person's word ends every check: one that still runs finds nothing to write to. */
export async function saveReview(
  tx: TenantTx,
  id: string,
  { result, review }: { result: Result; review: Review },
): Promise<void> {
  await tx
    .updateTable('submissions')
    .set({
      status: 'done',
      result: JSON.stringify(result),
      review: JSON.stringify(review),
      review_reasons: '[]',
      error_code: null,
      error_message: null,
      updated_at: sql`now()`,
      finished_at: sql`coalesce(finished_at, now())`,
    })
    .where('id', '=', id)
    .execute()
}
