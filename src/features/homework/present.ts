import type { Static } from 'typebox'
import type { HomeworkAccepted, SubmissionBody } from './schemas.ts'
import type { Submission } from './submission.ts'

export function presentSubmission(submission: Submission): Static<typeof SubmissionBody> {
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
    error: submission.error,
    created_at: submission.createdAt.toISOString(),
    finished_at: submission.finishedAt?.toISOString() ?? null,
  }
}

export function presentAccepted({ id, status }: Submission, duplicate: boolean): Static<typeof HomeworkAccepted> {
  return { submission_id: id, status, duplicate }
}
