/** What became of one student's attempts at one exercise. Scores are those of checks that are final. */
export type Standing = {
  exerciseId: string
  /** At least one. */
  attempts: number
  bestScore: number | null
  lastScore: number | null
  passed: boolean
  lastActivityAt: Date
}

export type LearningStatus = 'not_started' | 'in_progress' | 'passed'

/** A course as it is shown: its lessons with the exercises in each. */
export type Outline = { id: string; title: string; lessons: { id: string; title: string; exerciseIds: string[] }[] }

export type ExerciseProgress = Pick<Standing, 'exerciseId' | 'attempts' | 'bestScore' | 'lastScore'> & {
  status: LearningStatus
}

export type Summary = {
  exercisesTotal: number
  exercisesAttempted: number
  exercisesPassed: number
  averageBestScore: number | null
  lastActivityAt: Date | null
}

export type CourseProgress = Summary & {
  courseId: string
  title: string
  lessons: { lessonId: string; title: string; status: LearningStatus; exercises: ExerciseProgress[] }[]
  /** Work on exercises that the course no longer shows. */
  archived: ExerciseProgress[]
}

/** How far a student is in a course. What was done on an earlier version counts where the exercise is still shown. */
export function courseProgress({ id, title, lessons }: Outline, standings: readonly Standing[]): CourseProgress {
  const shown = new Set(lessons.flatMap(({ exerciseIds }) => exerciseIds))
  const byExercise = new Map(standings.map((standing) => [standing.exerciseId, standing]))
  return {
    courseId: id,
    title,
    ...summaryOf(shown, standings),
    lessons: lessons.map((lesson) => {
      const exercises = lesson.exerciseIds.map((exerciseId) => exerciseProgress(exerciseId, byExercise.get(exerciseId)))
      return { lessonId: lesson.id, title: lesson.title, status: lessonStatus(exercises), exercises }
    }),
    archived: standings
      .filter(({ exerciseId }) => !shown.has(exerciseId))
      .map((standing) => exerciseProgress(standing.exerciseId, standing)),
  }
}

/** The same in numbers. What is no longer shown counts as activity alone. */
export function summaryOf(shown: ReadonlySet<string>, standings: readonly Standing[]): Summary {
  const counted = standings.filter(({ exerciseId }) => shown.has(exerciseId))
  const scores = counted.flatMap(({ bestScore }) => bestScore ?? [])
  const times = standings.map(({ lastActivityAt }) => lastActivityAt.getTime())
  return {
    exercisesTotal: shown.size,
    exercisesAttempted: counted.length,
    exercisesPassed: counted.filter(({ passed }) => passed).length,
    averageBestScore: averageOf(scores),
    lastActivityAt: times.length === 0 ? null : new Date(times.reduce((a, b) => Math.max(a, b))),
  }
}

/** To two decimals, half up; in whole numbers, so that no half is lost. */
function averageOf(scores: readonly number[]): number | null {
  if (scores.length === 0) return null
  const sum = scores.reduce((a, b) => a + b)
  return Math.floor((sum * 200 + scores.length) / (2 * scores.length)) / 100
}

function exerciseProgress(exerciseId: string, standing: Standing | undefined): ExerciseProgress {
  if (standing === undefined)
    return { exerciseId, attempts: 0, bestScore: null, lastScore: null, status: 'not_started' }
  const { attempts, bestScore, lastScore, passed } = standing
  return { exerciseId, attempts, bestScore, lastScore, status: passed ? 'passed' : 'in_progress' }
}

/** A lesson without exercises is never started: there is nothing in it to pass. */
function lessonStatus(exercises: readonly ExerciseProgress[]): LearningStatus {
  if (exercises.every(({ status }) => status === 'not_started')) return 'not_started'
  return exercises.every(({ status }) => status === 'passed') ? 'passed' : 'in_progress'
}
