import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { newId } from '#platform/ids/index.ts'
import type { Client } from '#test/client.ts'
import { courseOfAllKinds, GOOD, handInAndWait, homeworkCourse, OPEN } from '../fixtures/homework-course.ts'
import { startWithModels } from '../fixtures/with-models.ts'

let world: Awaited<ReturnType<typeof startWithModels>>
let author: Client & { tenantId: string }
let grader: Client
let course: Awaited<ReturnType<typeof courseOfAllKinds>>
let students = 0

beforeAll(async () => {
  world = await startWithModels()
  author = await world.app.as('Академія')
  grader = await world.app.as('Академія', ['check'])
  course = await courseOfAllKinds(author)
})
afterAll(() => world.close())

const nextStudent = () => `учень-${++students}@школа.укр`
const handIn = (answer: unknown, kind = 'open', of = course) =>
  handInAndWait(grader, of.id, { student_id: nextStudent(), exercise_id: of.of[kind], answer })
const review = (id: string, fields: object = {}, headers: Record<string, string> = {}) =>
  grader.post(`/submissions/${id}/review`, { reviewer_id: 'викладач-3', criteria: [], ...fields }, headers)
const change = (id: string, fields: object) =>
  world.app.services.db.forTenant(author.tenantId, (tx) =>
    tx.updateTable('submissions').set(fields).where('id', '=', id).execute(),
  )

describe('a person', () => {
  test('overrules a key', async () => {
    const { id, result } = await handIn(['a'], 'choice')
    expect(result).toMatchObject({ score: 0, passed: false })
    const criteria = [{ id: 'answer', met: true }]
    const { status, body } = await review(id, { criteria, comment: 'Питання було двозначним.' })
    expect(status).toBe(200)
    expect(body).toMatchObject({
      status: 'done',
      result: { score: 100, passed: true, verdict: 'correct', criteria: [{ id: 'answer', met: 'met' }] },
      review: { reviewer_id: 'викладач-3', comment: 'Питання було двозначним.', criteria },
    })
    expect(body.result.graded_by).toEqual({ kind: 'human', model: null, prompt_version: null })
    expect(body.review.differences).toEqual([{ id: 'answer', model: 'not_met', human: 'met' }])
    expect((await grader.get(`/submissions/${id}`)).body).toEqual(body)
  })

  test('leaves to the model what they do not name, and its words', async () => {
    const { id, result } = await handIn(GOOD)
    expect(result.score).toBe(100)
    const { body } = await review(id, { criteria: [{ id: 'приклад', met: false }] })
    expect(body.result).toMatchObject({
      score: 75,
      passed: true,
      verdict: 'partially_correct',
      // What was said of the whole, and of the criterion, was said of another verdict.
      ...{ feedback: '', strengths: [], recommendations: [] },
    })
    const [first, second] = result.criteria
    expect(body.result.criteria).toEqual([first, { ...second, met: 'not_met', comment: '' }])
    expect(body.review.differences).toEqual([{ id: 'приклад', model: 'met', human: 'not_met' }])
  })

  test('may say it otherwise later: the last word holds, and all are kept', async () => {
    const { id } = await handIn(GOOD)
    await review(id, { criteria: [{ id: 'зміст', met: false }], comment: 'Ні.' })
    const { body } = await review(id, { reviewer_id: 'викладач-4', criteria: [{ id: 'приклад', met: false }] })
    expect(body.result.criteria.map(({ met }: { met: string }) => met)).toEqual(['met', 'not_met'])
    expect(body.review).toMatchObject({ reviewer_id: 'викладач-4', comment: null })
    const kept = await world.gradings(author.tenantId, id)
    expect(kept.map(({ kind, reviewer_id, comment }) => [kind, reviewer_id, comment])).toEqual([
      ['llm', null, null],
      ['human', 'викладач-3', 'Ні.'],
      ['human', 'викладач-4', null],
    ])
  })

  test('says it once with a key for it', async () => {
    const { id } = await handIn(GOOD)
    const headers = { 'idempotency-key': `review-${id}` }
    const say = () => review(id, { criteria: [{ id: 'зміст', met: false }] }, headers)
    expect((await say()).body).toEqual((await say()).body)
    expect(await world.gradings(author.tenantId, id)).toHaveLength(2)
  })

  test('need not be alone: of two at once the later one holds', async () => {
    const { id } = await handIn(GOOD)
    const answers = await Promise.all(
      [true, false].map((met) => review(id, { criteria: [{ id: 'зміст', met }], comment: String(met) })),
    )
    expect(answers.map(({ status }) => status)).toEqual([200, 200])
    const [, ...words] = await world.gradings(author.tenantId, id)
    const { body } = await grader.get(`/submissions/${id}`)
    expect([words.length, body.review.comment]).toEqual([2, words.at(-1)?.comment])
  })

  test.each([
    ['an unknown criterion', [{ id: 'c9', met: true }], 'criteria.0.id'],
    [
      'a criterion twice',
      [
        { id: 'зміст', met: true },
        { id: 'зміст', met: false },
      ],
      'criteria.1.id',
    ],
  ])('is told of %s', async (_what, criteria, path) => {
    const { id } = await handIn(GOOD)
    const { status, body } = await review(id, { criteria })
    expect([status, body.errors[0].path]).toEqual([422, path])
    expect(await world.gradings(author.tenantId, id)).toHaveLength(1)
  })

  test('of another tenant finds nothing to judge', async () => {
    const { id } = await handIn(GOOD)
    const rival = await world.app.as('Суперник')
    const order = { reviewer_id: 'x', criteria: [] }
    for (const missing of [id, newId()]) {
      const { status, body } = await rival.post(`/submissions/${missing}/review`, order)
      expect([status, body.code]).toEqual([404, 'submission.not_found'])
    }
  })
})

describe('where nothing was said yet', () => {
  const both = [
    { id: 'зміст', met: true },
    { id: 'приклад', met: false },
  ]

  test('a rejected answer is judged by all its criteria, or not at all', async () => {
    const { id, status, result } = await handIn('!!! ??? …')
    expect([status, result]).toEqual(['rejected', null])
    const { status: refused, body: problem } = await review(id, { criteria: both.slice(1) })
    expect([refused, problem.errors[0]]).toMatchObject([422, { path: 'criteria' }])
    expect(problem.errors[0].message).toContain('зміст, приклад')
    const { body } = await review(id, { criteria: both, comment: 'Зараховую.' })
    expect(body).toMatchObject({ status: 'done', error: null, result: { score: 75, feedback: 'Зараховую.' } })
    expect(body.review.differences).toEqual([])
  })

  test('a person may judge while a check runs, which then writes nothing over it', async () => {
    const letGo = world.model.hold()
    const before = world.model.calls.length
    const { body: accepted } = await grader.post(`/courses/${course.id}/check-homework`, {
      student_id: nextStudent(),
      exercise_id: course.of['open'],
      answer: `${GOOD}\nЩе один рядок.`,
    })
    const id = accepted.submission_id
    await world.model.called(before + 1)
    expect((await grader.get(`/submissions/${id}`)).body.status).toBe('checking')
    const { body } = await review(id, { criteria: both })
    expect(body).toMatchObject({ status: 'done', result: { score: 75 } })
    letGo()
    await expect
      .poll(async () =>
        world.app.services.db.forTenant(author.tenantId, (tx) =>
          tx.selectFrom('jobs').select('status').where('dedupe_key', '=', `check ${id}`).execute(),
        ),
      )
      .toEqual([{ status: 'done' }])
    expect((await grader.get(`/submissions/${id}`)).body).toEqual(body)
  })

  test('an error before there were criteria leaves one question: is it right?', async () => {
    const { criteria: _, ...words } = OPEN
    const of = await homeworkCourse(author, [words])
    const letGo = world.model.hold()
    const { body: accepted } = await grader.post(`/courses/${of.id}/check-homework`, {
      student_id: nextStudent(),
      exercise_id: of.exercises[0],
      answer: GOOD,
    })
    await change(accepted.submission_id, { status: 'error', error_code: 'llm.refused', finished_at: new Date() })
    const { body } = await review(accepted.submission_id, { criteria: [{ id: 'answer', met: true }] })
    letGo()
    expect(body).toMatchObject({
      status: 'done',
      error: null,
      result: { score: 100, passed: true, criteria: [{ criterion: 'Відповідь виконує завдання.' }] },
    })
  })
})
