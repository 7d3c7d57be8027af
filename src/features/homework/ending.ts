import { announce, type WebhookEvent } from '#features/webhooks/index.ts'
import type { TenantTx } from '#platform/db/database.ts'
import type { Ending, Submission, SubmissionStatus } from './submission.ts'
import { endSubmission, findSubmission } from './submissions-store.ts'

/** Writes down how a check ended and says so to whoever wants to hear of it. Undefined when it is gone, or a person was quicker. */
export async function endAndAnnounce(
  tx: TenantTx,
  tenantId: string,
  id: string,
  ending: Ending,
): Promise<Submission | undefined> {
  if (!(await endSubmission(tx, id, ending))) return undefined
  const submission = await findSubmission(tx, id)
  if (submission !== undefined) await announceSubmission(tx, tenantId, submission)
  return submission
}

const EVENTS: Partial<Record<SubmissionStatus, WebhookEvent>> = {
  done: 'submission.done',
  needs_review: 'submission.needs_review',
  rejected: 'submission.rejected',
}

/** Says how a submission stands now, in the transaction in which it came to stand so. Of what is under way or failed nothing is said. */
export async function announceSubmission(tx: TenantTx, tenantId: string, submission: Submission): Promise<void> {
  const event = EVENTS[submission.status]
  if (event === undefined) return
  const { result, studentId, error } = submission
  const data = {
    submission_id: submission.id,
    course_id: submission.courseId,
    lesson_id: submission.lessonId,
    exercise_id: submission.exerciseId,
    student_id: studentId,
    attempt: submission.attempt,
    status: submission.status,
    score: result?.score ?? null,
    passed: result?.passed ?? null,
    verdict: result?.verdict ?? null,
    error,
  }
  await announce(tx, { tenantId, event, data, studentId })
}
