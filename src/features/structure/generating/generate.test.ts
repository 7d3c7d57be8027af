import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { startApp, type TestApp } from '#test/app.ts'
import { build } from '#test/build.ts'
import { materialThatIs, type OpenCourse, oneLesson, openCourse, pathsIn } from '../fixtures/open-course.ts'

// No worker runs here: what is started stays queued.

let app: TestApp
let acme: Awaited<ReturnType<TestApp['as']>>
let course: OpenCourse

beforeAll(async () => {
  app = await startApp()
  acme = await app.as('Академія')
})
afterAll(() => app.close())
beforeEach(async () => {
  course = await openCourse(acme)
})

type Status = Parameters<typeof materialThatIs>[0]
const has = async (...statuses: Status[]) => {
  for (const status of statuses) await materialThatIs(status, { app, client: acme, course })
}

test('starting is accepted as a job that says where it is', async () => {
  await has('done')
  const { status, headers, body } = await course.generate({ strategy: 'quality' })
  expect([status, body]).toEqual([202, { job_id: expect.any(String) }])
  expect(headers.get('location')).toBe(`/api/v1/jobs/${body.job_id}`)
  expect((await acme.get(`/jobs/${body.job_id}`)).body).toEqual({
    ...{ id: body.job_id, kind: 'generate_structure', course_id: course.id, status: 'queued', progress: 0 },
    ...{
      result: null,
      error: null,
      last_error: null,
      retry_at: null,
      created_at: expect.any(String),
      finished_at: null,
    },
  })
})

const json = { 'content-type': 'application/json' }
test.each([
  ['no body', {}],
  ['an empty body', { headers: json }],
  ['an empty object', { headers: json, body: '{}' }],
  [
    'every field',
    { json: { strategy: 'default', ignore_pending: false, replace_author: false, replace_llm: false, force: false } },
  ],
  ['force', { json: { force: true } }],
])('takes %s', async (_what, options) => {
  await has('done')
  expect((await acme.request('POST', course.path, options)).status).toBe(202)
})

test.each([
  [{ strategy: 'best' }, 'strategy'],
  [{ strategy: null }, 'strategy'],
  [{ ignore_pending: 'true' }, 'ignore_pending'],
  [{ replace_author: 1 }, 'replace_author'],
  [{ force: 'yes' }, 'force'],
  [{ replace_llm: 1 }, 'replace_llm'],
  [[], 'body'],
])('refuses %j', async (order, wrong) => {
  await has('done')
  const answer = await course.generate(order)
  expect(answer.status).toBe(422)
  expect(pathsIn(answer)).toContain(wrong)
})

describe('what materials it needs', () => {
  test.each<[Status[], object, number | string]>([
    [[], {}, 'structure.no_materials'],
    [['error'], {}, 'structure.no_materials'],
    [['pending'], { ignore_pending: true }, 'structure.no_materials'],
    [['processing', 'error'], { ignore_pending: true }, 'structure.no_materials'],
    [['pending'], {}, 'structure.materials_pending'],
    [['done', 'pending'], {}, 'structure.materials_pending'],
    [['done', 'processing'], { ignore_pending: false }, 'structure.materials_pending'],
    [['done', 'pending', 'processing'], { ignore_pending: true }, 202],
    [['done', 'error'], {}, 202],
    [['done', 'done'], {}, 202],
  ])('of %j with %j: %s', async (statuses, order, outcome) => {
    await has(...statuses)
    const { status, headers, body } = await course.generate(order)
    expect(headers.get('retry-after')).toBe(outcome === 'structure.materials_pending' ? '2' : null)
    expect(outcome).toBe(status === 202 ? 202 : body.code)
    expect([202, 409]).toContain(status)
  })
})

describe("over the author's own version", () => {
  test.each([
    ['that was put', async () => course.put({ modules: [] })],
    [
      'that came of changing an exercise',
      async () => {
        const exercise = { kind: 'open', description: 'Що таке цикл?' }
        const { body } = await course.put(oneLesson({ exercises: [exercise] }))
        await acme.patch(`/exercises/${body.modules[0].lessons[0].exercises[0].id}`, { pass_score: 1 })
      },
    ],
  ])('%s it is refused unless it is to be replaced', async (_what, write) => {
    await has('done')
    await write()
    for (const order of [{}, { replace_author: false }, { ignore_pending: true }]) {
      const { status, body } = await course.generate(order)
      expect([status, body.code]).toEqual([409, 'structure.author_version'])
    }
    expect((await course.generate({ replace_author: true })).status).toBe(202)
  })
})

describe('asked again', () => {
  test('it is the same job while that waits, whatever is asked, at once or later', async () => {
    await has('done')
    const orders = [{}, { strategy: 'budget' }, { replace_author: true }, { ignore_pending: true }]
    const atOnce = await Promise.all(orders.map((order) => course.generate(order)))
    await has('pending')
    await course.put({ modules: [] })
    const answers = [...atOnce, await course.generate()]
    const [{ body }] = atOnce as [(typeof atOnce)[0]]
    for (const answer of answers) {
      expect([answer.status, answer.body]).toEqual([202, body])
      expect(answer.headers.get('location')).toBe(`/api/v1/jobs/${body.job_id}`)
    }
  })

  test('for another course it is another job', async () => {
    await has('done')
    const { body: one } = await course.generate()
    course = await openCourse(acme)
    await has('done')
    expect((await course.generate()).body.job_id).not.toBe(one.job_id)
  })

  test('with an Idempotency-Key it is the first answer, and a refusal leaves the key free', async () => {
    const headers = { 'idempotency-key': 'generate-1' }
    expect((await course.generate({}, headers)).status).toBe(409)
    await has('done')
    const { body } = await course.generate({}, headers)
    await has('pending')
    await app.services.db.forTenant(acme.tenantId, (tx) => app.services.queue.cancel(tx, body.job_id))
    const again = await course.generate(undefined, headers)
    expect([again.status, again.body]).toEqual([202, body])
    expect(again.headers.get('location')).toBe(`/api/v1/jobs/${body.job_id}`)
    expect((await course.generate({ strategy: 'budget' }, headers)).body.code).toBe('idempotency.mismatch')
    expect((await course.generate()).body.code).toBe('structure.materials_pending')
  })
})

test('is for its tenant, with prep', async () => {
  await has('done')
  const foreign = await (await app.as('Суперник')).post(course.path, {})
  expect([foreign.status, foreign.body.code]).toEqual([404, 'course.not_found'])
  const grader = await (await app.as('Академія', ['check'])).post(course.path, {})
  expect([grader.status, grader.body.code]).toEqual([403, 'auth.scope_missing'])
  expect((await acme.post('/courses/перший/structure', {})).status).toBe(422)
  const { id } = await build.course(acme)
  await acme.delete(`/courses/${id}`)
  expect((await acme.post(`/courses/${id}/structure`, {})).status).toBe(404)
})
