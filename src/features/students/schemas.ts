import { Type } from 'typebox'
import { StudentId } from '#features/homework/index.ts'
import { Id, Input, Nullable, OneOf, PageOf, Timestamp } from '#platform/http/index.ts'

export const StudentParams = Input({ studentId: StudentId })

const Score = Nullable(Type.Integer({ minimum: 0, maximum: 100 }))
const LearningStatus = OneOf('not_started', 'in_progress', 'passed')

const SUMMARY = {
  exercises_total: Type.Integer(),
  exercises_attempted: Type.Integer(),
  exercises_passed: Type.Integer(),
  average_best_score: Nullable(
    Type.Number({ description: 'Over the attempted exercises that have a score, to two decimals.' }),
  ),
  last_activity_at: Nullable(Timestamp),
}

const Exercise = Type.Object(
  {
    exercise_id: Id,
    attempts: Type.Integer(),
    best_score: Score,
    last_score: Score,
    status: LearningStatus,
  },
  { title: 'ExerciseProgress' },
)

export const ProgressBody = Type.Object(
  {
    student_id: Type.String(),
    courses: Type.Array(
      Type.Object({
        course_id: Id,
        title: Type.String(),
        ...SUMMARY,
        lessons: Type.Array(
          Type.Object({
            lesson_id: Id,
            title: Type.String(),
            status: LearningStatus,
            exercises: Type.Array(Exercise),
          }),
        ),
        archived: Type.Array(Exercise, { description: 'Work on exercises that the course no longer shows.' }),
      }),
    ),
  },
  { title: 'Progress' },
)

export const StudentSummaryPage = PageOf(
  Type.Object({ student_id: Type.String(), ...SUMMARY }, { title: 'StudentSummary' }),
  'StudentSummaryPage',
)

export const ErasedBody = Type.Object(
  {
    submissions: Type.Integer(),
    gradings: Type.Integer({ description: 'How they were judged: questions, replies, reviews.' }),
    files: Type.Integer({ description: 'Files that were handed in; they leave the storage within seconds.' }),
    answers: Type.Integer({ description: 'Answers of language models that were kept.' }),
    responses: Type.Integer({ description: 'Responses kept for repeated requests.' }),
    deliveries: Type.Integer({ description: 'Events in the log of the webhook.' }),
    counters: Type.Integer({ description: 'Counts of attempts.' }),
  },
  { title: 'Erased' },
)

export const ExportBody = Type.Object(
  {
    student_id: Type.String(),
    exported_at: Timestamp,
    submissions: Type.Array(Type.Unknown()),
    attempts: Type.Array(Type.Object({ course_id: Id, exercise_id: Id, attempts: Type.Integer() })),
    deliveries: Type.Array(Type.Unknown()),
  },
  { title: 'StudentExport' },
)
