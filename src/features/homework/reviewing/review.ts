import type { Caller } from '#kernel/caller.ts'
import type { Database } from '#platform/db/database.ts'
import type { Settle } from '#platform/db/settle.ts'
import { newId } from '#platform/ids/index.ts'
import { announceSubmission } from '../ending.ts'
import { submissionNotFound } from '../failures.ts'
import { insertGrading } from '../gradings-store.ts'
import type { Submission } from '../submission.ts'
import { findSubmission, lockSubmission } from '../submissions-store.ts'
import { applyReview, type ReviewOrder } from './apply-review.ts'
import { openCriteria } from './open-criteria.ts'
import { saveReview } from './reviews-store.ts'

/**
 * Takes a person's word on a submission, whatever its status: it wins over every other, and the latest over those before it. All are kept as
 * gradings. Throws the Failure `submission.not_found`, and a 422 for wrong criteria.
 */
export function createReviews({ db }: { db: Pick<Database, 'forTenant'> }) {
  return ({ tenantId }: Caller, id: string, order: ReviewOrder, settle: Settle<Submission>): Promise<Submission> =>
    db.forTenant(tenantId, async (tx) => {
      const submission = await lockSubmission(tx, id)
      if (submission === undefined) throw submissionNotFound()
      const { courseId, exercise } = submission
      const { passScore } = exercise
      const { result, differences } = applyReview(order, { ...(await openCriteria(tx, submission)), passScore })
      const { reviewerId, comment, criteria } = order
      const reviewed_at = new Date().toISOString()
      await saveReview(tx, id, {
        result,
        review: { reviewer_id: reviewerId, comment, criteria, differences, reviewed_at },
      })
      await insertGrading(tx, {
        ...{ id: newId(), tenantId, courseId, submissionId: id, kind: 'human', status: 'done', result },
        ...{ verdicts: result.criteria.map((one) => ({ ...one, changed: null })), reviewerId, comment, differences },
      })
      const reviewed = await findSubmission(tx, id)
      if (reviewed === undefined) throw submissionNotFound()
      await announceSubmission(tx, tenantId, reviewed)
      await settle(tx, reviewed)
      return reviewed
    })
}
