import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { newId } from '#platform/ids/index.ts'
import { startApp, type TestApp } from '#test/app.ts'
import type { Client } from '#test/client.ts'
import { naiveProgress } from './fixtures/naive.ts'
import { type Attempt, again, handIn, put, type School, school, writeAttempts } from './fixtures/school.ts'

let app: TestApp
let client: Client & { tenantId: string }
let grader: Client
let rival: Client

beforeAll(async () => {
  app = await startApp()
  client = await app.as('Академія')
  grader = await app.as('Академія', ['check'])
  rival = await app.as('Суперник')
})
afterAll(() => app.close())

const ZHENIA = 'євгенія.їжак+17@школа.укр'
const progressOf = (student: string, query = '', who = grader) =>
  who.get(`/students/${encodeURIComponent(student)}/progress${query}`)

const attempt = (fields: Partial<Attempt> & Pick<Attempt, 'student' | 'exercise'>): Attempt => ({
  ...{ attempt: 1, status: 'done', score: 100, passed: true, at: new Date('2026-09-01T08:00:00Z') },
  ...fields,
})

describe('the progress of a student', () => {
  test('is that of every lesson and exercise', async () => {
    const made = await school(client, [2, 1, 0])
    const [[first = '', second = ''] = [], [third = ''] = []] = made.lessons.map(({ exercises }) => exercises)
    for (const answer of [5, 4, 6]) await handIn(grader, made, { student: ZHENIA, exercise: first, answer })
    await handIn(grader, made, { student: ZHENIA, exercise: second, answer: 5 })
    const { status, body } = await progressOf(ZHENIA)
    expect(status).toBe(200)
    expect(body.student_id).toBe(ZHENIA)
    expect(body.courses).toEqual([
      {
        course_id: made.courseId,
        title: 'Арифметика їжака',
        exercises_total: 3,
        exercises_attempted: 2,
        exercises_passed: 1,
        average_best_score: 50,
        last_activity_at: expect.stringMatching(/^\d{4}-.*Z$/),
        lessons: [
          {
            lesson_id: made.lessons[0]?.id,
            title: 'Урок 1',
            status: 'in_progress',
            exercises: [
              { exercise_id: first, attempts: 3, best_score: 100, last_score: 0, status: 'passed' },
              { exercise_id: second, attempts: 1, best_score: 0, last_score: 0, status: 'in_progress' },
            ],
          },
          {
            lesson_id: made.lessons[1]?.id,
            title: 'Урок 2',
            status: 'not_started',
            exercises: [{ exercise_id: third, attempts: 0, best_score: null, last_score: null, status: 'not_started' }],
          },
          { lesson_id: made.lessons[2]?.id, title: 'Урок 3', status: 'not_started', exercises: [] },
        ],
        archived: [],
      },
    ])
  })

  test('keeps what was done on an earlier version', async () => {
    const made = await school(client, [2])
    const [stays = '', goes = ''] = made.lessons[0]?.exercises ?? []
    const student = 'учень версій'
    for (const exercise of [stays, goes]) await handIn(grader, made, { student, exercise })
    await put(client, made.courseId, [{ title: 'Інший урок', exercises: [again(stays)] }])
    const { body } = await progressOf(student)
    const done = { attempts: 1, best_score: 100, last_score: 100, status: 'passed' }
    expect(body.courses[0]).toMatchObject({
      exercises_total: 1,
      exercises_attempted: 1,
      exercises_passed: 1,
      lessons: [{ title: 'Інший урок', status: 'passed', exercises: [{ exercise_id: stays, ...done }] }],
      archived: [{ exercise_id: goes, ...done }],
    })
  })

  test.each([
    ['needs_review', 100, true, 'in_progress', null],
    ['rejected', null, false, 'in_progress', null],
    ['error', null, false, 'in_progress', null],
    ['queued', null, false, 'in_progress', null],
    ['done', 70, true, 'passed', 70],
    ['done', 70, false, 'in_progress', 70],
  ])('takes one that is %s with %s points, passed: %s, for %s', async (status, score, passed, shown, best) => {
    const made = await school(client, [1])
    const exercise = made.lessons[0]?.exercises[0] ?? ''
    const student = newId()
    await write(made, [attempt({ student, exercise, status, score, passed })])
    const { body } = await progressOf(student)
    const [found] = body.courses[0].lessons[0].exercises
    expect([found.status, found.best_score, found.last_score, found.attempts]).toEqual([shown, best, best, 1])
  })

  test('is of all courses, the latest first, or of one', async () => {
    const student = 'усюдисуща@школа.укр'
    const courses = [await school(client, [1]), await school(client, [1]), await school(client, [1])]
    const days = [2, 3, 1]
    for (const [index, made] of courses.entries()) {
      const exercise = made.lessons[0]?.exercises[0] ?? ''
      await write(made, [attempt({ student, exercise, at: new Date(`2026-09-0${days[index]}T08:00:00Z`) })])
    }
    const ids = courses.map(({ courseId }) => courseId)
    const shown = async (query = '') =>
      (await progressOf(student, query)).body.courses.map((course: { course_id: string }) => course.course_id)
    expect(await shown()).toEqual([ids[1], ids[0], ids[2]])
    expect(await shown(`?course_id=${ids[2]?.toUpperCase()}`)).toEqual([ids[2]])
    const untouched = await school(client, [2])
    const { body } = await progressOf(student, `?course_id=${untouched.courseId}`)
    expect(body.courses).toMatchObject([{ exercises_total: 2, exercises_attempted: 0, last_activity_at: null }])
  })

  test('is nobody else’s to see', async () => {
    const made = await school(client, [1])
    const exercise = made.lessons[0]?.exercises[0] ?? ''
    await handIn(grader, made, { student: 'чужа', exercise })
    const theirs = await school(rival, [1])
    for (const [answer, code] of [
      [await progressOf('чужа', '', rival), 'student.not_found'],
      [await progressOf('нікого'), 'student.not_found'],
      [await progressOf('чужа', `?course_id=${theirs.courseId}`), 'course.not_found'],
      [await progressOf('чужа', `?course_id=${newId()}`), 'course.not_found'],
      [await rival.get(`/courses/${made.courseId}/progress`), 'course.not_found'],
      [await rival.get(`/courses/${made.courseId}/progress`, { accept: 'text/csv' }), 'course.not_found'],
      [await grader.get(`/courses/${newId()}/progress`), 'course.not_found'],
    ] as const)
      expect([answer.status, answer.body.code]).toEqual([404, code])
    const author = await app.as('Академія', ['prep'])
    for (const path of ['/students/чужа/progress', '/students/чужа/export', `/courses/${made.courseId}/progress`])
      expect((await author.get(encodeURI(path))).body.code).toBe('auth.scope_missing')
    expect((await author.delete(encodeURI('/students/чужа'))).body.code).toBe('auth.scope_missing')
  })

  test('equals a naive recomputation, alone and among all of the course', async () => {
    const made = await school(client, [2, 0, 3])
    const exercises = made.lessons.flatMap((lesson) => lesson.exercises)
    const gone = await school(client, [1])
    const archived = gone.lessons[0]?.exercises[0] ?? ''
    const drafts = fc.array(
      fc.record({
        student: fc.constantFrom('ангеліна', 'Євген', 'їжак@школа.укр', '=1+1'),
        exercise: fc.constantFrom(...exercises),
        status: fc.constantFrom('queued', 'done', 'done', 'done', 'needs_review', 'rejected', 'error'),
        score: fc.option(fc.integer({ min: 0, max: 100 }), { freq: 8 }),
        passed: fc.boolean(),
        minute: fc.integer({ min: 0, max: 1_000 }),
      }),
      { minLength: 1, maxLength: 80 },
    )
    expect(archived).not.toBe('')
    await fc.assert(
      fc.asyncProperty(drafts, async (given) => {
        await app.services.db.forTenant(client.tenantId, (tx) =>
          tx.deleteFrom('submissions').where('course_id', '=', made.courseId).execute(),
        )
        const history = given.map(({ minute, ...draft }, index): Attempt => {
          const before = given
            .slice(0, index)
            .filter((d) => d.student === draft.student && d.exercise === draft.exercise)
          return { ...draft, attempt: before.length + 1, at: new Date(Date.UTC(2026, 8, 1, 0, minute)) }
        })
        await write(made, history)
        const { body: page } = await grader.get(`/courses/${made.courseId}/progress`)
        const students = [...new Set(history.map(({ student }) => student))].sort(byBytes)
        expect(page.items.map((item: { student_id: string }) => item.student_id)).toEqual(students)
        for (const [index, student] of students.entries()) {
          const naive = naiveProgress(
            made.lessons,
            history.filter((past) => past.student === student),
          )
          const { body } = await progressOf(student, `?course_id=${made.courseId}`)
          expect(body.courses[0]).toMatchObject(naive)
          const { lessons: _, archived: __, ...summary } = naive
          expect(page.items[index]).toEqual({ student_id: student, ...summary })
        }
      }),
      { numRuns: 12 },
    )
  })
})

const byBytes = (a: string, b: string) => Buffer.compare(Buffer.from(a), Buffer.from(b))

describe('the progress of a course', () => {
  test('is paged by students in a stable order', async () => {
    const made = await school(client, [1])
    const exercise = made.lessons[0]?.exercises[0] ?? ''
    const students = ['Ярина', 'ангеліна', 'Zoe', 'їжак', 'andrii', 'Євген', '7']
    await write(
      made,
      students.map((student) => attempt({ student, exercise })),
    )
    const seen: string[] = []
    for (let cursor: string | null = ''; cursor !== null; ) {
      const query: string = cursor === '' ? '' : `&cursor=${cursor}`
      const { body } = await grader.get(`/courses/${made.courseId}/progress?limit=2${query}`)
      seen.push(...body.items.map((item: { student_id: string }) => item.student_id))
      // Who comes before what was seen changes nothing of what follows.
      if (cursor === '') await write(made, [attempt({ student: '00', exercise })])
      cursor = body.next_cursor
    }
    expect(seen).toEqual([...students].sort(byBytes))
    const other = await school(client, [1])
    const { body } = await grader.get(`/courses/${made.courseId}/progress?limit=1`)
    for (const path of [
      `/courses/${other.courseId}/progress?cursor=${body.next_cursor}`,
      `/courses/${made.courseId}/progress?cursor=x`,
      `/courses/${made.courseId}/progress?limit=101`,
    ])
      expect((await grader.get(path)).status).toBe(422)
    expect((await grader.get(`/courses/${other.courseId}/progress`)).body).toEqual({ items: [], next_cursor: null })
  })

  test('is a gradebook as CSV', async () => {
    const made = await school(client, [1, 1], '=вправа,')
    const [[first = ''] = [], [second = ''] = []] = made.lessons.map(({ exercises }) => exercises)
    const at = new Date('2026-09-01T08:00:00Z')
    await write(made, [
      attempt({ student: '=HYPERLINK("http://зле")', exercise: first, score: 100, at }),
      attempt({ student: 'їжак, мол.', exercise: first, score: 67, passed: false, at }),
      attempt({ student: 'їжак, мол.', exercise: second, score: 0, passed: false, at }),
      attempt({ student: '@один', exercise: second, status: 'needs_review', score: 80, at }),
      attempt({ student: '+380501112233', exercise: second, at }),
      attempt({ student: '-2', exercise: second, at }),
    ])
    const { headers, body } = await grader.get(`/courses/${made.courseId}/progress`, { accept: 'text/csv' })
    expect(headers.get('content-type')).toBe('text/csv; charset=utf-8')
    expect(headers.get('content-disposition')).toContain('gradebook.csv')
    const time = '2026-09-01T08:00:00.000Z'
    expect(body.split('\r\n')).toEqual([
      `student_id,exercises_total,exercises_attempted,exercises_passed,average_best_score,last_activity_at,"'=вправа,1.1","'=вправа,2.1"`,
      `'+380501112233,2,1,1,100,${time},,100`,
      `'-2,2,1,1,100,${time},,100`,
      `"'=HYPERLINK(""http://зле"")",2,1,1,100,${time},100,`,
      `'@один,2,1,0,,${time},,`,
      `"їжак, мол.",2,2,0,33.5,${time},67,0`,
      '',
    ])
  })

  test('as CSV goes over any number of batches', async () => {
    const made = await school(client, [1])
    const exercise = made.lessons[0]?.exercises[0] ?? ''
    const students = Array.from({ length: 201 }, (_, index) => `учень ${String(index).padStart(3, '0')}`)
    await write(
      made,
      students.map((student) => attempt({ student, exercise })),
    )
    const { body } = await grader.get(`/courses/${made.courseId}/progress`, { accept: 'text/csv' })
    const lines = body.split('\r\n').slice(1, -1)
    expect(lines.map((line: string) => line.split(',')[0])).toEqual(students)
  })

  test('is quick where there is much', async () => {
    const made = await school(client, [200, 200, 200, 200, 200])
    const exercises = made.lessons.flatMap((lesson) => lesson.exercises)
    const history = Array.from({ length: 10_000 }, (_, index) =>
      attempt({
        student: `учень ${index % 50}`,
        exercise: exercises[Math.floor(index / 50) % 1_000] ?? '',
        score: index % 101,
      }),
    )
    await write(made, history)
    const alone = Array.from({ length: 10_000 }, (_, index) =>
      attempt({ student: 'один', exercise: exercises[index % 1_000] ?? '', attempt: 1 + Math.floor(index / 1_000) }),
    )
    await write(made, alone)
    const timed = async (asking: () => Promise<{ status: number }>) => {
      const started = performance.now()
      expect((await asking()).status).toBe(200)
      return Math.round(performance.now() - started)
    }
    const taken = {
      student: await timed(() => progressOf('один')),
      course: await timed(() => grader.get(`/courses/${made.courseId}/progress?limit=100`)),
      csv: await timed(() => grader.get(`/courses/${made.courseId}/progress`, { accept: 'text/csv' })),
    }
    if (process.env['SHOW_TIMES']) process.stdout.write(`${JSON.stringify(taken)}\n`)
    for (const ms of Object.values(taken)) expect(ms).toBeLessThan(3_000)
  })
})

function write({ courseId, lessons }: School, history: Attempt[]) {
  const place = { tenantId: client.tenantId, courseId, lessonId: lessons[0]?.id ?? '' }
  return writeAttempts(app.database, place, history)
}
