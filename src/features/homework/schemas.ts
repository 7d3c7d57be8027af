import { Type } from 'typebox'
import { Id, Input, Nullable, OneOf, PageOf, PageQuery, Timestamp } from '#platform/http/index.ts'
import type { ReviewReasonCode } from './grading/verdict.ts'
import { REVIEW_REASONS } from './review-reasons.ts'

export const StudentId = Type.String({
  minLength: 1,
  maxLength: 200,
  pattern: '\\S',
  not: { enum: ['.', '..'] },
  description: "The LMS's own id; not `.` or `..`, which no address can hold.",
  examples: ['student-17'],
})

export const SubmissionParams = Input({ submissionId: Id })

/** BCP 47, such as `uk` or `en-GB`. */
export const Language = Type.String({
  pattern: '^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$',
  maxLength: 35,
  description: "Of the feedback, as a BCP 47 tag. Without it, the answer's own.",
  examples: ['uk'],
})

export const HomeworkBody = Input(
  {
    student_id: StudentId,
    exercise_id: Id,
    language: Type.Optional(Nullable(Language)),
    answer: Type.Union([
      Type.String({ minLength: 1, maxLength: 50_000, pattern: '\\S' }),
      Type.Number(),
      Type.Array(Type.String({ minLength: 1, maxLength: 100 }), { maxItems: 100 }),
    ]),
  },
  {
    title: 'Homework',
    examples: [
      {
        student_id: 'student-17',
        exercise_id: '0197f0c4-5d2e-7cc1-9d39-3a1f6a3c9e10',
        answer: 'Змінна — це імʼя для значення.',
      },
    ],
  },
)

export const HomeworkAccepted = Type.Object(
  {
    submission_id: Id,
    status: OneOf('queued', 'checking', 'done', 'needs_review', 'rejected', 'error'),
    duplicate: Type.Boolean(),
  },
  { title: 'HomeworkAccepted' },
)

const Status = OneOf('queued', 'checking', 'done', 'needs_review', 'rejected', 'error')

const Result = Type.Object(
  {
    score: Type.Integer({ minimum: 0, maximum: 100 }),
    passed: Type.Boolean(),
    verdict: OneOf('correct', 'partially_correct', 'incorrect'),
    criteria: Type.Array(
      Type.Object({
        id: Type.String({ description: 'Names the criterion in a review.' }),
        criterion: Type.String(),
        weight: Type.Integer(),
        required: Type.Boolean(),
        met: OneOf('met', 'not_met', 'unclear'),
        quote: Nullable(Type.String({ description: "The student's own words." })),
        comment: Type.String(),
      }),
    ),
    feedback: Type.String(),
    strengths: Type.Array(Type.String()),
    recommendations: Type.Array(Type.String()),
    graded_by: Type.Object({
      kind: OneOf('llm', 'answer_key', 'human'),
      model: Nullable(Type.String()),
      prompt_version: Nullable(Type.String()),
    }),
  },
  { title: 'SubmissionResult' },
)

const ReviewReasons = Type.Array(
  Type.Object({
    code: OneOf(...(Object.keys(REVIEW_REASONS) as ReviewReasonCode[])),
    message: Type.String({ description: 'The same in a sentence.' }),
    criteria: Type.Array(Type.String(), { description: 'Ids of the criteria that it is about; none: the whole.' }),
  }),
  { description: 'Why a person has to look; empty unless the status is `needs_review`.' },
)

const AnswerFileShown = Type.Object(
  {
    filename: Type.String(),
    content_type: Nullable(Type.String()),
    size_bytes: Type.Integer(),
    sha256: Type.String(),
  },
  { title: 'AnswerFile', description: 'The file that was handed in.' },
)

const ReviewShown = Type.Object(
  {
    reviewer_id: Type.String(),
    comment: Nullable(Type.String()),
    criteria: Type.Array(Type.Object({ id: Type.String(), met: Type.Boolean() })),
    differences: Type.Array(Type.Object({ id: Type.String(), model: Type.String(), human: Type.String() })),
    reviewed_at: Timestamp,
  },
  { title: 'SubmissionReview' },
)

const SUBMISSION = {
  id: Id,
  course_id: Id,
  lesson_id: Id,
  exercise_id: Id,
  student_id: Type.String(),
  attempt: Type.Integer(),
  status: Status,
  result: Nullable(Result),
  review: Nullable(ReviewShown),
  review_reasons: ReviewReasons,
  file: Nullable(AnswerFileShown),
  error: Nullable(
    Type.Object(
      { code: Type.String(), message: Type.String() },
      { description: 'Why it is an `error`, or was `rejected`; a student may read the latter.' },
    ),
  ),
  created_at: Timestamp,
  finished_at: Nullable(Timestamp),
}

const WithAnswer = {
  ...SUBMISSION,
  answer: Type.Union([Type.String(), Type.Number(), Type.Array(Type.String()), Type.Null()], {
    description: 'As it was handed in; of a file, the text that was read from it, and null until it is read.',
  }),
}

export const SubmissionBody = Type.Object(WithAnswer, { title: 'Submission' })

/** What whoever waits for a check gets. */
export const CheckedHomework = Type.Object(
  { ...WithAnswer, duplicate: Type.Boolean({ description: 'Whether the same was handed in before.' }) },
  { title: 'CheckedHomework' },
)

/** A list leaves the answers out. */
export const SubmissionSummary = Type.Object(SUBMISSION, { title: 'SubmissionSummary' })

export const SubmissionPage = PageOf(SubmissionSummary, 'SubmissionPage')

export const SubmissionFilter = Input({
  ...PageQuery,
  student_id: Type.Optional(StudentId),
  exercise_id: Type.Optional(Id),
  status: Type.Optional(Status),
  updated_since: Type.Optional(Timestamp),
})

export const ReviewBody = Input(
  {
    reviewer_id: Type.String({ minLength: 1, maxLength: 200, pattern: '\\S' }),
    criteria: Type.Array(Input({ id: Type.String({ minLength: 1, maxLength: 100 }), met: Type.Boolean() }), {
      maxItems: 100,
    }),
    comment: Type.Optional(Nullable(Type.String({ maxLength: 10_000 }))),
  },
  {
    title: 'Review',
    examples: [{ reviewer_id: 'teacher-3', criteria: [{ id: 'c1', met: true }], comment: 'Відповідь правильна.' }],
  },
)
