import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { newId } from '#platform/ids/index.ts'
import { startApp, type TestApp } from '#test/app.ts'
import { build } from '#test/build.ts'
import type { Client } from '#test/client.ts'

// Nothing grades yet: the routes stand with their scopes, schemas and refusals.

let app: TestApp
let grader: Client
let rival: Client
let course: string

beforeAll(async () => {
  app = await startApp()
  course = (await build.course(await app.as('Академія'))).id
  grader = await app.as('Академія', ['check'])
  rival = await app.as('Суперник')
})
afterAll(() => app.close())

const homework = { student_id: 'учень-17@школа.укр', exercise_id: newId(), answer: 'Змінна — це імʼя для значення.' }
const check = (fields: object = {}, client = grader, headers = {}) =>
  client.post(`/courses/${course}/check-homework`, { ...homework, ...fields }, headers)

describe('an answer to an exercise', () => {
  test.each([
    ['text', 'ї'.repeat(50_000)],
    ['a number', -1.5],
    ['options', ['a', 'b']],
    ['no options', []],
  ])('of %s is understood, and refused while nothing grades', async (_what, answer) => {
    const { status, body } = await check({ answer })
    expect([status, body.code]).toEqual([503, 'homework.not_available'])
  })

  test('is refused without keeping the Idempotency-Key', async () => {
    for (const answer of ['перша', 'друга'])
      expect((await check({ answer }, grader, { 'idempotency-key': 'homework-1' })).status).toBe(503)
  })

  test.each<[string, object, string]>([
    ['no student', { student_id: undefined }, 'student_id'],
    ['an empty student', { student_id: '' }, 'student_id'],
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
    ['an unknown field', { score: 100 }, 'score'],
  ])('with %s is wrong', async (_what, fields, path) => {
    const { status, body } = await check(fields)
    expect(status).toBe(422)
    expect(body.errors.map((error: { path: string }) => error.path)).toContain(path)
  })
})

const submission = `/submissions/${newId()}`
const review = { reviewer_id: 'викладач', criteria: [{ id: 'c1', met: true }] }
const routes: [string, string, unknown, string][] = [
  ['POST', `/courses/${newId()}/check-homework`, homework, 'course.not_found'],
  ['GET', `/courses/${newId()}/submissions`, undefined, 'course.not_found'],
  ['GET', submission, undefined, 'submission.not_found'],
  ['POST', `${submission}/review`, review, 'submission.not_found'],
  ['POST', `${submission}/retry`, undefined, 'submission.not_found'],
  ['GET', `/students/${encodeURIComponent(homework.student_id)}/progress`, undefined, 'student.not_found'],
]

describe.each(routes)('%s %s', (method, path, json, code) => {
  test(`is ${code}`, async () => {
    const { status, body } = await grader.request(method, path, { json })
    expect([status, body.code]).toEqual([404, code])
  })

  test('is for keys with check', async () => {
    const author = await app.as('Академія', ['prep'])
    const { status, body } = await author.request(method, path, { json })
    expect([status, body.code]).toEqual([403, 'auth.scope_missing'])
  })
})

describe('submissions', () => {
  const list = (query: string, client = grader) => client.get(`/courses/${course}/submissions${query}`)

  test.each([
    '',
    '?limit=100',
    '?status=needs_review',
    `?exercise_id=${newId()}`,
    `?student_id=${encodeURIComponent(homework.student_id)}`,
    '?updated_since=2026-03-01T00:00:00%2B02:00',
  ])('are none: %s', async (query) => {
    const { status, body } = await list(query)
    expect([status, body]).toEqual([200, { items: [], next_cursor: null }])
  })

  test.each(['status=graded', 'exercise_id=1', 'student_id=', 'updated_since=вчора', 'limit=0', 'cursor=AAAA', 'x=1'])(
    'are refused with ?%s',
    async (query) => {
      expect((await list(`?${query}`)).status).toBe(422)
    },
  )

  test('and answers of a foreign course are not found', async () => {
    for (const { status, body } of [await list('', rival), await check({}, rival)])
      expect([status, body.code]).toEqual([404, 'course.not_found'])
  })

  test.each([
    ['GET', '/submissions/перша', undefined],
    ['POST', `${submission}/review`, { ...review, score: 100 }],
    ['POST', `${submission}/review`, { ...review, reviewer_id: ' ' }],
    ['POST', `${submission}/review`, {}],
    ['GET', `/students/${'x'.repeat(201)}/progress`, undefined],
    ['GET', '/students/%20/progress', undefined],
  ])('refuse %s %s with %j', async (method, path, json) => {
    expect((await grader.request(method, path, { json })).status).toBe(422)
  })
})
