import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { usd } from '#kernel/money.ts'
import { newId } from '#platform/ids/index.ts'
import { nanoUsd } from '#platform/llm/price.ts'
import type { TestApp } from '#test/app.ts'
import { build, until } from '#test/build.ts'
import { generate, readCourse, startWithModels, TEXTS } from '../fixtures/with-models.ts'
import { structureWork } from '../index.ts'

// What comes in between: money, a change of mind, a ban, a bad answer. What was paid for is never bought again.

const NOTHING = { kind: 'delay', ms: 0 } as const
const SOME_USD = 5_000_000_000n
const NO_OUTLINE = { name: 'outline' as const, build: () => Promise.reject(new Error('Nothing is made here.')) }

let world: Awaited<ReturnType<typeof startWithModels>>
let tenants = 0
let name: string
let client: Awaited<ReturnType<TestApp['as']>>

beforeAll(async () => {
  world = await startWithModels()
})
afterAll(() => world.close())
beforeEach(async () => {
  world.model.reset()
  name = `Школа ${++tenants}`
  client = await world.app.as(name)
})

const start = async (course: { generate(): ReturnType<typeof client.post> }) => (await course.generate()).body.job_id
const outcomes = async () => (await world.calls(client.tenantId)).map(({ outcome }) => outcome)
const jobsOf = (courseId: string) =>
  world.app.services.db.forTenant(client.tenantId, (tx) =>
    tx
      .selectFrom('jobs')
      .select('id')
      .where('course_id', '=', courseId)
      .where('kind', '=', 'generate_structure')
      .execute(),
  )

describe('a budget', () => {
  test('that is used up refuses before anything is queued, but not what costs nothing', async () => {
    const course = await readCourse(client, [TEXTS.variables])
    await generate(client, course)
    const asked = world.model.calls.length
    await world.tenants.setBudget(name, 0n)
    expect((await generate(client, course)).result).toMatchObject({ unchanged: true })
    const jobs = (await jobsOf(course.id)).length
    for (const order of [{ force: true }, { force: true, ignore_pending: true }]) {
      const { status, body } = await course.generate(order)
      expect([status, body.code]).toEqual([402, 'budget.exceeded'])
    }
    expect([(await jobsOf(course.id)).length, world.model.calls.length]).toEqual([jobs, asked])
    await world.tenants.setProviders(name, ['anthropic'])
    expect((await generate(client, course, { replace_llm: true })).result).toMatchObject({ generated_by: 'outline' })
  })

  test('that has less than a call may cost says how much, which the estimate has told', async () => {
    const course = await readCourse(client, [TEXTS.variables, TEXTS.loops])
    const { body } = await client.post(`/courses/${course.id}/structure/estimate`, { strategy: 'default' })
    const needs = nanoUsd(body.strategies[0].needs_usd) ?? 0n
    await world.tenants.setBudget(name, needs / 10n)
    const { error } = await generate(client, course)
    expect(error).toMatchObject({ code: 'budget.exceeded' })
    expect(error.message).toContain(`your organisation's budget (${usd(needs / 10n)} USD) does not cover the most`)
    expect(world.model.calls).toEqual([])

    await world.tenants.setBudget(name, SOME_USD)
    const release = world.model.hold()
    const job = await start(course)
    await world.model.called(2)
    const aside = (await world.reservations(client.tenantId)).map(({ nano_usd }) => BigInt(nano_usd))
    release()
    await build.endedJob(client, job)
    for (const nano of aside) {
      expect(nano).toBeLessThanOrEqual(needs)
      expect(nano).toBeGreaterThan(needs / 4n)
    }
  })

  test('that ends in the middle ends the job, and after a raise only the rest is bought', async () => {
    const course = await readCourse(client, [TEXTS.variables, TEXTS.loops])
    const release = world.model.hold()
    const job = await start(course)
    await world.model.called(2)
    await world.tenants.setBudget(name, 1n)
    // It is the same job while it runs: nothing new is asked for.
    expect((await course.generate()).body.job_id).toBe(job)
    release()
    expect(await build.endedJob(client, job)).toMatchObject({ status: 'error', error: { code: 'budget.exceeded' } })
    expect(await outcomes()).toEqual(['answered', 'answered'])
    expect((await course.generate()).body.code).toBe('budget.exceeded')

    await world.tenants.setBudget(name, SOME_USD)
    world.model.reset()
    expect((await generate(client, course)).result).toMatchObject({ generated_by: 'llm' })
    expect(world.asked()).toEqual({ plan: 1, write: expect.any(Number) })
  })
})

describe('cancelling', () => {
  test('ends the calls under way, accounts for them, and keeps what was answered', async () => {
    const course = await readCourse(client, [TEXTS.variables, TEXTS.loops])
    world.model.fail(NOTHING, NOTHING, { kind: 'silence' })
    const job = await start(course)
    await world.model.called(3)
    const { status, headers, body } = await client.delete(`/jobs/${job}`)
    expect([status, body.id, body.status]).toEqual([202, job, 'running'])
    expect(headers.get('location')).toBe(`/api/v1/jobs/${job}`)
    expect(await build.endedJob(client, job)).toMatchObject({ status: 'cancelled', result: null, error: null })
    expect(await outcomes()).toEqual(['answered', 'answered', 'aborted'])
    expect(await world.reservations(client.tenantId)).toEqual([])
    expect((await client.delete(`/jobs/${job}`)).status).toBe(200)
    expect((await course.read()).structure).toBeNull()

    world.model.reset()
    const again = await generate(client, course)
    expect(again).toMatchObject({ status: 'done', result: { generated_by: 'llm' } })
    expect(again.id).not.toBe(job)
    expect(world.asked()).toEqual({ plan: 1, write: expect.any(Number) })
  })
})

test('a course that is deleted meanwhile ends the job quietly; what was asked is paid for, and no more is', async () => {
  const course = await readCourse(client, [TEXTS.variables])
  const release = world.model.hold()
  const job = await start(course)
  await world.model.called(1)
  expect((await client.delete(`/courses/${course.id}`)).status).toBe(204)
  release()
  expect(await build.endedJob(client, job)).toMatchObject({ status: 'done', result: { skipped: true } })
  expect([await outcomes(), world.asked()]).toEqual([['answered'], { read: 1 }])
})

describe('a list of providers', () => {
  test('without any that is configured leaves it to the outline engine, which says so', async () => {
    await world.tenants.setProviders(name, ['anthropic'])
    const course = await readCourse(client, [TEXTS.variables])
    const { result } = await generate(client, course)
    expect(result).toMatchObject({ generated_by: 'outline', notice: expect.stringContaining('your organisation') })
    const { body } = await client.post(`/courses/${course.id}/structure/estimate`)
    expect(body.engine).toBe('outline')
    const why = 'None of the language models that your organisation allows can do this'
    expect(body.strategies[0]).toEqual({
      ...{ strategy: 'default', engine: 'outline', unchanged: true, models: [], calls: 0 },
      ...{ tokens_in: 0, tokens_out: 0, cost_usd: '0', needs_usd: '0', unpriced: false },
      notice: `${why}: the outline engine would make this.`,
    })
    expect(world.model.calls).toEqual([])
    await world.tenants.setProviders(name, null)
    expect((await generate(client, course)).result).toMatchObject({ version: 2, generated_by: 'llm' })
  })

  test('without any leaves what language models made as it is, unless it is to be replaced', async () => {
    const course = await readCourse(client, [TEXTS.variables])
    await generate(client, course)
    await world.tenants.setProviders(name, ['anthropic'])
    for (const order of [{}, { force: true }, { replace_author: true, replace_llm: false }]) {
      const { status, body } = await course.generate(order)
      expect([status, body.code]).toEqual([409, 'structure.would_downgrade'])
      expect(body.detail).toContain('None of the language models that your organisation allows can do this')
    }
    expect(await jobsOf(course.id)).toHaveLength(1)
    const { body } = await client.post(`/courses/${course.id}/structure/estimate`)
    expect(body.strategies[0]).toMatchObject({
      engine: 'outline',
      notice: expect.stringContaining('replace_llm: true'),
    })
    expect((await course.read()).structure).toMatchObject({ version: 1, generated_by: 'llm' })
    expect((await generate(client, course, { replace_llm: true })).result).toMatchObject({
      ...{ version: 2, generated_by: 'outline', strategy: 'default', models: [], cost_usd: '0' },
    })
    // Then there is nothing more to lose.
    expect((await generate(client, course)).result).toMatchObject({ version: 2, unchanged: true })
  })

  test('that is bounded before the job begins leaves what language models made as it is, too', async () => {
    const course = await readCourse(client, [TEXTS.variables])
    await generate(client, course)
    const [handler] = structureWork({
      db: world.app.services.db,
      outline: NO_OUTLINE,
      models: world.app.models,
    }).handlers
    await world.tenants.setProviders(name, ['anthropic'])
    const payload = { courseId: course.id, strategy: 'default', replaceAuthor: false }
    const about = { id: newId(), tenantId: client.tenantId, courseId: course.id, payload, attempt: 1 }
    const running = handler?.run({ ...about, signal: AbortSignal.timeout(20_000), progress: () => undefined })
    await expect(running).rejects.toMatchObject({ code: 'structure.would_downgrade' })
    expect((await course.read()).structure).toMatchObject({ version: 1, generated_by: 'llm' })
  })

  test('holds from the next step on', async () => {
    const course = await readCourse(client, [TEXTS.variables])
    const release = world.model.hold()
    const job = await start(course)
    await world.model.called(1)
    await world.tenants.setProviders(name, ['gemini'])
    release()
    expect(await build.endedJob(client, job)).toMatchObject({ status: 'error', error: { code: 'llm.not_configured' } })
    expect(world.asked()).toEqual({ read: 1 })
  })
})

describe('a model that', () => {
  test.each([
    ['answers in another shape', 'llm.malformed', [{ kind: 'wrong-schema' }, { kind: 'truncated' }]],
    ['will not answer', 'llm.refused', [{ kind: 'filtered' }]],
  ] as const)('%s ends the job: %s', async (_what, code, faults) => {
    const course = await readCourse(client, [TEXTS.variables])
    world.model.fail(...faults)
    const job = await generate(client, course)
    expect(job).toMatchObject({ status: 'error', error: { code } })
    const calls = await world.calls(client.tenantId)
    expect(calls.map(({ outcome }) => outcome)).toEqual(faults.map(() => code.replace('llm.', '')))
    for (const { cost_nano_usd } of calls) expect(Number(cost_nano_usd)).toBeGreaterThan(0)
    expect((await generate(client, course)).status).toBe('done')
  })

  // The last, as its provider is then left alone for a while.
  test('is away puts the job back to wait', async () => {
    const course = await readCourse(client, [TEXTS.variables])
    world.model.fail(...[1, 2, 3].map(() => ({ kind: 'status', status: 503 }) as const))
    const job = await start(course)
    await world.model.called(3)
    await until(
      () => client.get(`/jobs/${job}`),
      ({ body }) => body.status === 'queued',
    )
    const { status, body } = await client.delete(`/jobs/${job}`)
    expect([status, body.status]).toEqual([200, 'cancelled'])
    expect(await outcomes()).toEqual(['server_error', 'server_error', 'server_error'])
  })
})
