import { fitted, grid } from '../cli/bars.ts'

type Exercise = { attempts: number; best_score: number | null; status: string }

type Summary = {
  exercises_total: number
  exercises_attempted: number
  exercises_passed: number
  average_best_score: number | null
}

export type StudentProgress = {
  student_id: string
  courses: (Summary & { title: string; lessons: { title: string; status: string; exercises: Exercise[] }[] })[]
}

export type CourseProgress = { items: (Summary & { student_id: string })[] }

const TITLE = 50

/** How far a student is, a line each lesson that was begun. */
export function drawStudentProgress({ student_id, courses }: StudentProgress): string {
  const lines = courses.flatMap(({ title, lessons, ...summary }) => {
    const begun = lessons.filter(({ status }) => status !== 'not_started')
    return [
      `  ${fitted(title, TITLE)}: ${summary.exercises_passed} of ${summary.exercises_total} exercises passed`,
      ...begun.map(
        (lesson) => `    ${fitted(lesson.title, TITLE)}: ${words(lesson.status)}, ${best(lesson.exercises)}`,
      ),
    ]
  })
  return [`How far ${student_id} is:`, ...lines].join('\n')
}

/** How far all students of a course are, a line each. */
export function drawCourseProgress(students: CourseProgress['items']): string {
  const rows = students.map((one) => [
    one.student_id,
    ...[one.exercises_attempted, one.exercises_passed, one.exercises_total, one.average_best_score ?? '–'].map(String),
  ])
  const head = ['STUDENT', 'ATTEMPTED', 'PASSED', 'OF', 'AVERAGE BEST SCORE']
  const lines = grid([head, ...rows], ['left', 'right', 'right', 'right', 'right'])
  return ['How far the course is:', ...lines.map((line) => `  ${line}`)].join('\n')
}

const words = (status: string) => status.replaceAll('_', ' ')

function best(exercises: readonly Exercise[]): string {
  const scores = exercises.flatMap(({ best_score: score }) => (score === null ? [] : [score]))
  return scores.length === 0 ? 'no score yet' : `best ${scores.join(', ')}`
}
