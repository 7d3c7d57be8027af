import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { newId } from '#platform/ids/index.ts'
import { startApp, type TestApp } from '#test/app.ts'
import { build } from '#test/build.ts'
import type { Client } from '#test/client.ts'
import { courseOfAllKinds } from './fixtures/homework-course.ts'

// Handing in, with no language model anywhere: exercises with a key work end to end, open ones are refused at once.

let app: TestApp
let author: Client & { tenantId: string }
let grader: Client
let rival: Client
let course: Awaited<ReturnType<typeof courseOfAllKinds>>
let students = 0
let student: string

beforeAll(async () => {
  app = await startApp()
  author = await app.as('Академія')
  course = await courseOfAllKinds(author, { choice: { max_attempts: 3 } })
  grader = await app.as('Академія', ['check'])
  rival = await app.as('Суперник')
})
afterAll(() => app.close())
beforeEach(() => {
  student = `учень-${++students}@школа.укр`
})

const check = (fields: object = {}, client = grader, headers = {}) => {
  const homework = { student_id: student, exercise_id: course.of['choice'], answer: ['b'] }
  return client.post(`/courses/${course.id}/check-homework`, { ...homework, ...fields }, headers)
}
const solve = async (kind: string, answer: unknown, fields: object = {}) => {
  const { status, body } = await check({ exercise_id: course.of[kind], answer, ...fields })
  expect(status).toBe(202)
  return (await grader.get(`/submissions/${body.submission_id}`)).body
}
const list = async (query = '', client = grader) => client.get(`/courses/${course.id}/submissions${query}`)
const mine = () => `?student_id=${encodeURIComponent(student)}`
const rows = (table: 'submissions' | 'attempt_counters' | 'gradings' | 'jobs' | 'llm_calls') =>
  app.services.db.forTenant(author.tenantId, (tx) => tx.selectFrom(table).selectAll().execute())

describe('an answer', () => {
  test.each<[string, object, string]>([
    ['no student', { student_id: undefined }, 'student_id'],
    ['an empty student', { student_id: '' }, 'student_id'],
    ['a student whom no address can hold', { student_id: '..' }, 'student_id'],
    ['a blank student', { student_id: ' \t' }, 'student_id'],
    ['a student of 201', { student_id: 'ї'.repeat(201) }, 'student_id'],
    ['a number for a student', { student_id: 17 }, 'student_id'],
    ['a malformed exercise', { exercise_id: 'перша' }, 'exercise_id'],
    ['no answer', { answer: undefined }, 'answer'],
    ['an empty answer', { answer: '' }, 'answer'],
    ['a blank answer', { answer: '\n' }, 'answer'],
    ['an answer of 50001', { answer: 'x'.repeat(50_001) }, 'answer'],
    ['an answer of null', { answer: null }, 'answer'],
    ['an answer of an object', { answer: {} }, 'answer'],
    ['an answer of numbers', { answer: [1] }, 'answer.0'],
    ['U+0000', { answer: 'так\u0000' }, 'answer'],
    ['a language that is none', { language: 'українською' }, 'language'],
    ['an unknown field', { score: 100 }, 'score'],
  ])('with %s is wrong', async (_what, fields, path) => {
    const { status, body } = await check(fields)
    expect(status).toBe(422)
    expect(body.errors.map((error: { path: string }) => error.path)).toContain(path)
  })

  test.each<[string, unknown]>([
    ['choice', 'b'],
    ['choice', []],
    ['choice', ['a', 'b']],
    ['choice', ['z']],
    ['multiple_choice', 1],
    ['multiple_choice', ['a', 'a']],
    ['number', '1024'],
    ['short_text', 1],
    ['short_text', ['print']],
    ['open', 42],
  ])('to a %s exercise cannot be %j', async (kind, answer) => {
    const { status, body } = await check({ exercise_id: course.of[kind], answer })
    expect([status, body.errors?.map((error: { path: string }) => error.path)]).toEqual([422, ['answer']])
    expect(body.errors[0].message).not.toContain('1024')
    expect((await list(mine())).body.items).toEqual([])
  })

  test('without a body is wrong', async () => {
    const { status, body } = await grader.request('POST', `/courses/${newId()}/check-homework`, {})
    expect([status, body.code]).toEqual([422, 'request.invalid'])
  })

  test('to an exercise that there is not is not found', async () => {
    const { status, body } = await check({ exercise_id: newId() })
    expect([status, body.code]).toEqual([404, 'exercise.not_found'])
  })
})

describe('an exercise with a key is graded at once:', () => {
  test.each<[string, unknown, boolean]>([
    ['choice', ['b'], true],
    ['choice', ['a'], false],
    ['multiple_choice', ['b', 'a'], true],
    ['multiple_choice', ['a'], false],
    ['number', 1024.5, true],
    ['number', 1025, false],
    ['short_text', '  PRINT ', true],
    ['short_text', 'друк', false],
  ])('%s %j is right: %s', async (kind, answer, isRight) => {
    const submission = await solve(kind, answer, { language: 'uk' })
    expect(submission).toMatchObject({
      ...{ status: 'done', student_id: student, course_id: course.id, lesson_id: course.lessonId, attempt: 1 },
      ...{ exercise_id: course.of[kind], review: null, error: null, finished_at: expect.any(String) },
      result: {
        ...{ score: isRight ? 100 : 0, verdict: isRight ? 'correct' : 'incorrect' },
        criteria: [{ id: 'answer', weight: 1, required: true, met: isRight ? 'met' : 'not_met', quote: null }],
        graded_by: { kind: 'answer_key', model: null, prompt_version: null },
      },
    })
    expect(submission.result.feedback).toMatch(isRight ? /^Правильно/ : /^Неправильно/)
    // What was wrong is not put right.
    if (!isRight) expect(JSON.stringify(submission.result)).not.toMatch(/1024|print|float|tuple/)
  })

  test('passing is what the exercise says', async () => {
    // 100 to pass of multiple_choice, 0 of short_text, whose one criterion is required all the same.
    for (const [kind, answer, passed] of [
      ['multiple_choice', ['a', 'b'], true],
      ['short_text', 'ні', false],
    ] as const)
      expect((await solve(kind, answer)).result.passed).toBe(passed)
  })

  test('with Prefer: wait it is the whole submission', async () => {
    const { status, headers, body } = await check({}, grader, { prefer: 'respond-async, wait=10' })
    expect([status, headers.get('preference-applied')]).toEqual([200, 'wait=10'])
    expect(headers.get('location')).toBe(`/api/v1/submissions/${body.id}`)
    expect(body).toMatchObject({ status: 'done', result: { score: 100 } })
  })

  test('and written down, for nothing', async () => {
    const { id } = await solve('choice', ['b'])
    const grading = (await rows('gradings')).find(({ submission_id }) => submission_id === id)
    expect(grading).toMatchObject({ kind: 'answer_key', status: 'done', model: null, verdicts: [{ met: 'met' }] })
    expect([await rows('llm_calls'), await rows('jobs')]).toEqual([[], []])
  })
})

describe('without a language model', () => {
  test('an open exercise is refused at once, and nothing is kept', async () => {
    const before = await Promise.all([rows('submissions'), rows('attempt_counters'), rows('jobs')])
    const key = { 'idempotency-key': 'open-1' }
    for (const answer of ['Змінна — це ім’я.', 'Змінна — це коробка.']) {
      const { status, body } = await check({ exercise_id: course.of['open'], answer }, grader, key)
      expect([status, body.code]).toEqual([409, 'llm.not_configured'])
    }
    expect(await Promise.all([rows('submissions'), rows('attempt_counters'), rows('jobs')])).toEqual(before)
  })

  test('one that says nothing to grade by is refused for that', async () => {
    const bare = await courseOfAllKinds(author, {
      open: { criteria: [], grading_criteria: null, reference_solution: null },
    })
    const homework = { student_id: student, exercise_id: bare.of['open'], answer: 'Так.' }
    const { status, body } = await grader.post(`/courses/${bare.id}/check-homework`, homework)
    expect([status, body.code]).toEqual([409, 'exercise.not_gradable'])
  })
})

describe('the words of a result', () => {
  const numbers = { kind: 'number', answer_key: { value: 4, tolerance: 0 } }
  test.each([
    ['the task', { description: 'Скільки буде 2 + 2?' }, 'Variables', 'Python', {}, 'uk'],
    ['the task', { description: 'How much is 2 + 2?' }, 'Змінні', 'Основи', {}, 'en'],
    ['the lesson, of a task without words', { description: '2 + 2 = ?' }, 'Змінні', 'Python', {}, 'uk'],
    ['the course, of a lesson without', { description: '2 + 2 = ?' }, '1.', 'Основи', {}, 'uk'],
    ['the course, of a lesson without', { description: '2 + 2 = ?' }, '1.', 'Basics', {}, 'en'],
    [
      'the student’s wish, whatever is around',
      { description: '2 + 2 = ?' },
      'Змінні',
      'Основи',
      { language: 'en' },
      'en',
    ],
  ])('are those of %s', async (_what, task, lesson, title, wish, language) => {
    const { id } = await build.course(author, { title })
    const modules = [{ title: '1', lessons: [{ title: lesson, exercises: [{ ...numbers, ...task }] }] }]
    const { body: made } = await author.put(`/courses/${id}/structure`, { modules })
    const homework = {
      student_id: 'учень',
      exercise_id: made.modules[0].lessons[0].exercises[0].id,
      answer: 4,
      ...wish,
    }
    const { body } = await author.post(`/courses/${id}/check-homework`, homework, { prefer: 'wait=1' })
    expect(body.result.feedback).toBe(language === 'uk' ? 'Правильно.' : 'Correct.')
  })
})

describe('attempts', () => {
  test('have numbers of their own, and the same again is none', async () => {
    const [first, again, second, back] = [
      await check(),
      await check(),
      await check({ answer: ['a'] }),
      await check({ answer: ['b'] }),
    ].map(({ body }) => body)
    expect([first, again, second, back].map(({ duplicate }) => duplicate)).toEqual([false, true, false, true])
    expect([again.submission_id, back.submission_id]).toEqual([first.submission_id, first.submission_id])
    const { items } = (await list(mine())).body
    expect(items.map(({ attempt }: { attempt: number }) => attempt)).toEqual([2, 1])
  })

  test('of two students are never the same, nor are those of a changed exercise', async () => {
    const [first, other] = [await check(), await check({ student_id: `${student}-2` })]
    expect([first.body.duplicate, other.body.duplicate]).toEqual([false, false])
    const own = await courseOfAllKinds(author)
    const homework = { student_id: student, exercise_id: own.of['choice'], answer: ['b'] }
    const path = `/courses/${own.id}/check-homework`
    expect((await grader.post(path, homework)).body.duplicate).toBe(false)
    expect((await author.patch(`/exercises/${own.of['choice']}`, { answer_key: ['a'] })).status).toBe(200)
    const { body } = await grader.post(path, homework)
    expect(body.duplicate).toBe(false)
    const { body: submission } = await grader.get(`/submissions/${body.submission_id}`)
    expect(submission).toMatchObject({ attempt: 2, result: { score: 0 } })
  })

  test('that come at once get distinct numbers', async () => {
    const answers = Array.from({ length: 12 }, (_, at) => 1_000 + at)
    const sent = answers.flatMap((answer) => [answer, answer])
    const taken = await Promise.all(sent.map((answer) => check({ exercise_id: course.of['number'], answer })))
    expect(taken.filter(({ body }) => body.duplicate)).toHaveLength(12)
    const { items } = (await list(`${mine()}&limit=100`)).body
    const attempts = items.map(({ attempt }: { attempt: number }) => attempt)
    expect(attempts.toSorted((a: number, b: number) => a - b)).toEqual(answers.map((_, at) => at + 1))
  })

  test('are only so many, also when they come at once', async () => {
    const own = await courseOfAllKinds(author, { number: { max_attempts: 3 } })
    const path = `/courses/${own.id}/check-homework`
    const homework = { student_id: student, exercise_id: own.of['number'] }
    const all = await Promise.all([1, 2, 3, 4, 5, 6].map((answer) => grader.post(path, { ...homework, answer })))
    const told = all.map(({ status, body }) => [status, body.code]).filter(([status]) => status !== 202)
    expect(told).toEqual([1, 2, 3].map(() => [409, 'attempts.exceeded']))
    const accepted = all.findIndex(({ status }) => status === 202) + 1
    expect((await grader.post(path, { ...homework, answer: accepted })).body.duplicate).toBe(true)
    expect((await grader.post(path, { ...homework, student_id: 'інший', answer: 9 })).status).toBe(202)
  })

  test('with an Idempotency-Key are taken once', async () => {
    const key = { 'idempotency-key': `once-${students}` }
    const [first, second] = [await check({}, grader, key), await check({}, grader, key)]
    expect([first.status, second.status, second.body]).toEqual([202, 202, first.body])
    expect((await list(mine())).body.items).toHaveLength(1)
  })
})

describe('submissions', () => {
  test('are listed newest first, page by page, and filtered', async () => {
    for (const answer of [1, 2, 3, 4, 5]) await solve('number', answer)
    await solve('choice', ['a'])
    const seen: string[] = []
    for (let cursor = ''; ; ) {
      const { body } = await list(`${mine()}&limit=2${cursor}`)
      seen.push(...body.items.map(({ id }: { id: string }) => id))
      if (body.next_cursor === null) break
      cursor = `&cursor=${body.next_cursor}`
    }
    expect(seen).toHaveLength(6)
    expect(seen).toEqual(seen.toSorted().reverse())

    const count = async (query: string) => (await list(`${mine()}&${query}`)).body.items.length
    expect(await count(`exercise_id=${course.of['choice']}`)).toBe(1)
    expect(await count(`exercise_id=${newId()}`)).toBe(0)
    expect([await count('status=done'), await count('status=needs_review')]).toEqual([6, 0])
    expect(await count('updated_since=2026-03-01T00:00:00%2B02:00')).toBe(6)
    expect(await count('updated_since=2999-01-01T00:00:00Z')).toBe(0)
    const { next_cursor: cursor } = (await list(`${mine()}&limit=1`)).body
    expect((await list(`?limit=1&cursor=${cursor}`)).status).toBe(422)
  })

  test.each(['status=graded', 'exercise_id=1', 'student_id=', 'updated_since=вчора', 'limit=0', 'cursor=AAAA', 'x=1'])(
    'are refused with ?%s',
    async (query) => {
      expect((await list(`?${query}`)).status).toBe(422)
    },
  )

  test('that ended well cannot be checked again', async () => {
    const { id } = await solve('choice', ['b'])
    const { status, body } = await grader.post(`/submissions/${id}/retry`)
    expect([status, body.code]).toEqual([409, 'submission.not_retryable'])
  })

  test('are found by their own tenant only, with the scope check', async () => {
    const { id } = await solve('choice', ['b'])
    const preparing = await app.as('Академія', ['prep'])
    const routes: [string, string, unknown, string][] = [
      [
        'POST',
        `/courses/${course.id}/check-homework`,
        { student_id: student, exercise_id: newId(), answer: 'так' },
        'course',
      ],
      ['GET', `/courses/${course.id}/submissions`, undefined, 'course'],
      ['GET', `/submissions/${id}`, undefined, 'submission'],
      ['POST', `/submissions/${id}/retry`, undefined, 'submission'],
    ]
    for (const [method, path, json, what] of routes) {
      const [foreign, unscoped] = [rival, preparing].map((client) => client.request(method, path, { json }))
      expect(await foreign).toMatchObject({ status: 404, body: { code: `${what}.not_found` } })
      expect(await unscoped).toMatchObject({ status: 403, body: { code: 'auth.scope_missing' } })
    }
    expect((await grader.get(`/submissions/${newId()}`)).body.code).toBe('submission.not_found')
    expect((await grader.get('/submissions/перша')).status).toBe(422)
  })

  test('go with their course', async () => {
    const own = await courseOfAllKinds(author)
    const homework = { student_id: student, exercise_id: own.of['choice'], answer: ['b'] }
    const { body } = await grader.post(`/courses/${own.id}/check-homework`, homework)
    expect((await author.delete(`/courses/${own.id}`)).status).toBe(204)
    expect((await grader.get(`/submissions/${body.submission_id}`)).status).toBe(404)
  })
})
