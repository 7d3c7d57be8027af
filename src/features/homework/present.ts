import type { Static } from 'typebox'
import { REVIEW_REASONS } from './review-reasons.ts'
import type { HomeworkAccepted, SubmissionBody, SubmissionSummary } from './schemas.ts'
import type { Submission } from './submission.ts'

export const presentSubmission = (submission: Submission): Static<typeof SubmissionBody> => ({
  ...presentSummary(submission),
  answer: submission.answer,
})

/** Without the answer. */
export function presentSummary(submission: Submission): Static<typeof SubmissionSummary> {
  const { file } = submission
  return {
    id: submission.id,
    course_id: submission.courseId,
    lesson_id: submission.lessonId,
    exercise_id: submission.exerciseId,
    student_id: submission.studentId,
    attempt: submission.attempt,
    status: submission.status,
    result: submission.result,
    review: submission.review,
    review_reasons: submission.reviewReasons.map(({ code, criteria }) => ({
      ...{ code, criteria },
      message: REVIEW_REASONS[code],
    })),
    file: file && {
      filename: file.filename,
      content_type: file.contentType,
      size_bytes: file.sizeBytes,
      sha256: file.sha256,
    },
    error: submission.error,
    created_at: submission.createdAt.toISOString(),
    finished_at: submission.finishedAt?.toISOString() ?? null,
  }
}

export function presentAccepted({ id, status }: Submission, duplicate: boolean): Static<typeof HomeworkAccepted> {
  return { submission_id: id, status, duplicate }
}
