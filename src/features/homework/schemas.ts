import { Type } from 'typebox'
import { Id, Input, Nullable, OneOf, PageOf, PageQuery, Timestamp } from '#platform/http/index.ts'

export const StudentId = Type.String({
  minLength: 1,
  maxLength: 200,
  pattern: '\\S',
  description: "The LMS's own id.",
  examples: ['student-17'],
})

export const SubmissionParams = Input({ submissionId: Id })

export const HomeworkBody = Input(
  {
    student_id: StudentId,
    exercise_id: Id,
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
        criterion: Type.String(),
        weight: Type.Integer(),
        met: OneOf('met', 'not_met', 'unclear'),
        quote: Nullable(Type.String()),
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

export const SubmissionBody = Type.Object(
  {
    id: Id,
    course_id: Id,
    lesson_id: Id,
    exercise_id: Id,
    student_id: Type.String(),
    attempt: Type.Integer(),
    status: Status,
    result: Nullable(Result),
    review: Nullable(Type.Object({}, { additionalProperties: true })),
    created_at: Timestamp,
    finished_at: Nullable(Timestamp),
  },
  { title: 'Submission' },
)

export const SubmissionPage = PageOf(SubmissionBody, 'SubmissionPage')

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

const Score = Nullable(Type.Integer({ minimum: 0, maximum: 100 }))
const LearningStatus = OneOf('not_started', 'in_progress', 'passed')

export const ProgressBody = Type.Object(
  {
    student_id: Type.String(),
    courses: Type.Array(
      Type.Object({
        course_id: Id,
        title: Type.String(),
        exercises_total: Type.Integer(),
        exercises_attempted: Type.Integer(),
        exercises_passed: Type.Integer(),
        average_best_score: Nullable(Type.Number()),
        last_activity_at: Nullable(Timestamp),
        lessons: Type.Array(
          Type.Object({
            lesson_id: Id,
            title: Type.String(),
            status: LearningStatus,
            exercises: Type.Array(
              Type.Object({
                exercise_id: Id,
                attempts: Type.Integer(),
                best_score: Score,
                last_score: Score,
                status: LearningStatus,
              }),
            ),
          }),
        ),
      }),
    ),
  },
  { title: 'Progress' },
)
