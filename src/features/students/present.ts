import type { Static } from 'typebox'
import type { Removed } from './erase.ts'
import type { CourseProgress, ExerciseProgress, Summary } from './progress.ts'
import type { StudentSummary } from './reading.ts'
import type { ErasedBody, ProgressBody } from './schemas.ts'

export function presentProgress(studentId: string, courses: CourseProgress[]): Static<typeof ProgressBody> {
  return {
    student_id: studentId,
    courses: courses.map((course) => ({
      course_id: course.courseId,
      title: course.title,
      ...presentSummary(course),
      lessons: course.lessons.map(({ lessonId, title, status, exercises }) => ({
        lesson_id: lessonId,
        title,
        status,
        exercises: exercises.map(presentExercise),
      })),
      archived: course.archived.map(presentExercise),
    })),
  }
}

export const presentStudent = (student: StudentSummary) => ({
  student_id: student.studentId,
  ...presentSummary(student),
})

export const presentRemoved = (removed: Removed): Static<typeof ErasedBody> => ({
  submissions: removed.submissions,
  gradings: removed.gradings,
  files: removed.files,
  answers: removed.answers,
  responses: removed.responses,
  deliveries: removed.deliveries,
  counters: removed.counters,
})

const presentSummary = (summary: Summary) => ({
  exercises_total: summary.exercisesTotal,
  exercises_attempted: summary.exercisesAttempted,
  exercises_passed: summary.exercisesPassed,
  average_best_score: summary.averageBestScore,
  last_activity_at: summary.lastActivityAt?.toISOString() ?? null,
})

const presentExercise = ({ exerciseId, attempts, bestScore, lastScore, status }: ExerciseProgress) => ({
  exercise_id: exerciseId,
  attempts,
  best_score: bestScore,
  last_score: lastScore,
  status,
})
