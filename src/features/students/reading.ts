import { requireCourse } from '#features/courses/index.ts'
import { listLessons } from '#features/structure/index.ts'
import type { Caller } from '#kernel/caller.ts'
import { type CsvValue, csvLine } from '#kernel/csv.ts'
import type { Page, PageRequest } from '#kernel/page.ts'
import type { Database, TenantTx } from '#platform/db/database.ts'
import { type Cursors, toPage } from '#platform/paging/index.ts'
import { studentNotFound } from './failures.ts'
import {
  type CourseProgress,
  courseProgress,
  type Outline,
  type Standing,
  type Summary,
  summaryOf,
} from './progress.ts'
import * as store from './standings-store.ts'

export type StudentSummary = Summary & { studentId: string }

type Deps = { db: Pick<Database, 'forTenant'>; cursors: Cursors }

/** Of one answer about a student; those with the latest work are in it. */
const MOST_COURSES = 100

/** Students of one batch of a gradebook. */
const BATCH = 100

const WHOLE = { skip: 0, limit: Number.MAX_SAFE_INTEGER }

/** How far students are. Unknown or foreign ids are the Failures `student.not_found` and `course.not_found`. */
export function createProgress({ db, cursors }: Deps) {
  return {
    /** In every course where the student has handed in something, the latest work first; or in the one that is named. */
    ofStudent: ({ tenantId }: Caller, studentId: string, courseId: string | undefined): Promise<CourseProgress[]> =>
      db.forTenant(tenantId, async (tx) => {
        if (!(await store.isKnown(tx, studentId))) throw studentNotFound()
        if (courseId !== undefined) {
          const course = await requireCourse(tx, courseId)
          return [courseProgress(await outlineOf(tx, course), await store.standingsOfStudent(tx, studentId, course.id))]
        }
        const byCourse = Map.groupBy(await store.standingsOfStudent(tx, studentId, undefined), (row) => row.courseId)
        const latest = [...byCourse].sort(([, a], [, b]) => latestOf(b) - latestOf(a)).slice(0, MOST_COURSES)
        const courses = await store.coursesOf(
          tx,
          latest.map(([id]) => id),
        )
        const found: CourseProgress[] = []
        for (const [id, standings] of latest) {
          const course = courses.get(id)
          if (course !== undefined) found.push(courseProgress(await outlineOf(tx, course), standings))
        }
        return found
      }),
    ofCourse: ({ tenantId }: Caller, courseId: string, { limit, cursor }: PageRequest): Promise<Page<StudentSummary>> =>
      db.forTenant(tenantId, async (tx) => {
        const shown = shownIn(await outlineOf(tx, await requireCourse(tx, courseId)))
        const list = ['progress', tenantId, courseId]
        const after = cursor === undefined ? undefined : cursors.decode(list, cursor)
        const students = await store.studentsOf(tx, { courseId, after, limit: limit + 1 })
        const { items, nextCursor } = toPage(students, limit, (id) => cursors.encode(list, id))
        const standings = Map.groupBy(await store.standingsOfCourse(tx, courseId, items), (row) => row.studentId)
        return {
          items: items.map((studentId) => ({ studentId, ...summaryOf(shown, standings.get(studentId) ?? []) })),
          nextCursor,
        }
      }),
    /** The same of all students as CSV, in batches: with a column for every exercise that is shown. */
    gradebook: async ({ tenantId }: Caller, courseId: string): Promise<AsyncGenerator<string>> => {
      const { exercises, shown } = await db.forTenant(tenantId, async (tx) => {
        const course = await requireCourse(tx, courseId)
        const exercises = (await lessonsOf(tx, course)).flatMap((lesson) => lesson.exercises)
        return { exercises, shown: new Set(exercises.map(({ id }) => id)) }
      })
      const batch = (after: string | undefined) =>
        db.forTenant(tenantId, async (tx) => {
          const students = await store.studentsOf(tx, { courseId, after, limit: BATCH })
          const standings = Map.groupBy(await store.standingsOfCourse(tx, courseId, students), (row) => row.studentId)
          return students.map((studentId) => ({ studentId, standings: standings.get(studentId) ?? [] }))
        })
      const names = exercises.map(({ id, externalId }) => externalId ?? id)
      return linesOf([...COLUMNS, ...names], batch, ({ studentId, standings }) => {
        const best = new Map(standings.map(({ exerciseId, bestScore }) => [exerciseId, bestScore]))
        return [...cellsOf(studentId, summaryOf(shown, standings)), ...exercises.map(({ id }) => best.get(id) ?? null)]
      })
    },
  }
}

type Row = { studentId: string; standings: Standing[] }

const COLUMNS = [
  'student_id',
  'exercises_total',
  'exercises_attempted',
  'exercises_passed',
  'average_best_score',
  'last_activity_at',
]

const cellsOf = (studentId: string, summary: Summary): CsvValue[] => [
  studentId,
  summary.exercisesTotal,
  summary.exercisesAttempted,
  summary.exercisesPassed,
  summary.averageBestScore,
  summary.lastActivityAt?.toISOString() ?? null,
]

async function* linesOf(
  names: string[],
  batch: (after: string | undefined) => Promise<Row[]>,
  cells: (row: Row) => CsvValue[],
): AsyncGenerator<string> {
  yield csvLine(names)
  for (let after: string | undefined; ; ) {
    const rows = await batch(after)
    if (rows.length > 0) yield rows.map((row) => csvLine(cells(row))).join('')
    if (rows.length < BATCH) return
    after = rows.at(-1)?.studentId
  }
}

type Shown = { id: string; title: string; currentVersion: number | null }

const lessonsOf = async (tx: TenantTx, { id: courseId, currentVersion: version }: Shown) =>
  version === null ? [] : listLessons(tx, { courseId, version }, WHOLE)

async function outlineOf(tx: TenantTx, course: Shown): Promise<Outline> {
  const lessons = await lessonsOf(tx, course)
  return {
    id: course.id,
    title: course.title,
    lessons: lessons.map(({ id, title, exercises }) => ({ id, title, exerciseIds: exercises.map((e) => e.id) })),
  }
}

const shownIn = ({ lessons }: Outline) => new Set(lessons.flatMap(({ exerciseIds }) => exerciseIds))

const latestOf = (standings: readonly Standing[]) =>
  standings.reduce((latest, { lastActivityAt }) => Math.max(latest, lastActivityAt.getTime()), 0)
