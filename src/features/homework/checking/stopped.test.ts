import { sql } from 'kysely'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { TestApp } from '#test/app.ts'
import { build, until } from '#test/build.ts'
import { finished, GOOD, handInAndWait, homeworkCourse, OPEN } from '../fixtures/homework-course.ts'
import { startWithModels } from '../fixtures/with-models.ts'

// What comes in between: money, models that fail, people who are quicker, things that are deleted. What was paid for is never bought again.

const FREE = {
  ...OPEN,
  criteria: [],
  grading_criteria: 'Пояснює зв’язок імені та значення. Наводить приклад із числом.',
}

let world: Awaited<ReturnType<typeof startWithModels>>
let client: Awaited<ReturnType<TestApp['as']>>
let course: Awaited<ReturnType<typeof homeworkCourse>>
let name: string
let tenants = 0

beforeAll(async () => {
  world = await startWithModels()
})
afterAll(() => world.close())
beforeEach(async () => {
  name = `Ліцей ${++tenants}`
  client = await world.app.as(name)
  course = await homeworkCourse(client)
  world.model.behave('well')
  world.model.reset()
})

const order = (fields = {}) => ({ exercise_id: course.exercises[0], student_id: 'учень', answer: GOOD, ...fields })
const check = () => handInAndWait(client, course.id, order())
/** Hands in while models wait. */
async function begin() {
  const release = world.model.hold()
  const { body } = await client.post(`/courses/${course.id}/check-homework`, order())
  await world.model.called(1)
  return { id: body.submission_id as string, release }
}
const inTenant = <T>(work: Parameters<typeof world.app.services.db.forTenant<T>>[1]) =>
  world.app.services.db.forTenant(client.tenantId, work)
const jobOf = async (id: string) => {
  const job = await inTenant((tx) =>
    tx
      .selectFrom('jobs')
      .select('id')
      .where(sql`payload->>'submissionId'`, '=', id)
      .orderBy('id', 'desc')
      .executeTakeFirst(),
  )
  return job?.id ?? ''
}
const endedJob = async (id: string) => build.endedJob(client, await jobOf(id))

describe('a budget', () => {
  test('that is used up refuses before anything is kept', async () => {
    await world.tenants.setBudget(name, 0n)
    const { status, body } = await client.post(`/courses/${course.id}/check-homework`, order())
    expect([status, body.code]).toEqual([402, 'budget.exceeded'])
    expect((await client.get(`/courses/${course.id}/submissions`)).body.items).toEqual([])
  })

  test('that ends in the middle ends the check; tried again, only the rest is bought', async () => {
    course = await homeworkCourse(client, [FREE])
    const { id, release } = await begin()
    await world.tenants.setBudget(name, 1n)
    release()
    expect(await finished(client, id)).toMatchObject({
      status: 'error',
      result: null,
      error: { code: 'budget.exceeded' },
    })
    expect(world.asked()).toEqual(['criteria'])
    await world.tenants.setBudget(name, null)
    const again = await client.post(`/submissions/${id}/retry`)
    expect([again.status, again.body]).toEqual([202, { submission_id: id, status: 'queued', duplicate: false }])
    expect(again.headers.get('location')).toBe(`/api/v1/submissions/${id}`)
    expect(await finished(client, id)).toMatchObject({ id, attempt: 1, error: null, result: { criteria: [{}, {}] } })
    expect(world.asked()).toEqual(['criteria', 'check'])
    expect((await client.post(`/submissions/${id}/retry`)).body.code).toBe('submission.not_retryable')
  })
})

describe('a model that', () => {
  test.each([
    ['answers in another shape twice', 'llm.malformed', [{ kind: 'wrong-schema' }, { kind: 'truncated' }]],
    ['will not answer', 'llm.refused', [{ kind: 'filtered' }]],
  ] as const)('%s leaves it to a person', async (_what, code, faults) => {
    world.model.fail(...faults)
    const submission = await check()
    expect(submission).toMatchObject({ status: 'needs_review', result: null, error: null })
    const gradings = await world.gradings(client.tenantId, submission.id)
    expect(gradings).toMatchObject([{ kind: 'llm', model: null, verdicts: [], replies: [{ failure: code }] }])
    expect(JSON.stringify(gradings[0]?.questions)).toContain('price = 120')
    // Somebody will look: the same again is the same.
    expect((await check()).id).toBe(submission.id)
  })

  test('is no longer allowed ends it as an error', async () => {
    course = await homeworkCourse(client, [FREE])
    const { id, release } = await begin()
    await world.tenants.setProviders(name, ['gemini'])
    release()
    expect(await finished(client, id)).toMatchObject({ status: 'error', error: { code: 'llm.not_configured' } })
  })
})

describe('meanwhile', () => {
  test('the course is deleted: the job ends quietly, and no answer stays', async () => {
    const { id, release } = await begin()
    const job = await jobOf(id)
    expect((await client.delete(`/courses/${course.id}`)).status).toBe(204)
    release()
    expect(await build.endedJob(client, job)).toMatchObject({ status: 'done', result: { skipped: true } })
    expect(await world.answers(client.tenantId)).toEqual([])
    expect(await world.calls(client.tenantId)).toMatchObject([{ outcome: 'answered' }])
  })

  test('the submission is erased: nothing more is bought for it, and no answer stays', async () => {
    course = await homeworkCourse(client, [FREE])
    const { id, release } = await begin()
    const job = await jobOf(id)
    await inTenant((tx) => tx.deleteFrom('submissions').where('id', '=', id).execute())
    release()
    expect(await build.endedJob(client, job)).toMatchObject({ status: 'done', result: { skipped: true } })
    expect([world.asked(), await world.answers(client.tenantId)]).toEqual([['criteria'], []])
  })

  test('a person has judged it: that word stands', async () => {
    const { id, release } = await begin()
    const job = await jobOf(id)
    await inTenant((tx) =>
      tx.updateTable('submissions').set({ status: 'done', finished_at: new Date() }).where('id', '=', id).execute(),
    )
    release()
    expect(await build.endedJob(client, job)).toMatchObject({ status: 'done', result: { skipped: true } })
    expect((await client.get(`/submissions/${id}`)).body).toMatchObject({ status: 'done', result: null })
    expect(await world.gradings(client.tenantId, id)).toEqual([])
  })

  test('the job is cancelled: an error, which may be tried again', async () => {
    const { id, release } = await begin()
    expect((await client.delete(`/jobs/${await jobOf(id)}`)).status).toBe(202)
    expect(await finished(client, id)).toMatchObject({ status: 'error', error: { code: 'job.cancelled' } })
    release()
    const other = await client.post(`/courses/${course.id}/check-homework`, order())
    expect(other.body).toMatchObject({ duplicate: false })
    expect(await finished(client, other.body.submission_id)).toMatchObject({ status: 'done', attempt: 2 })
    await client.post(`/submissions/${id}/retry`)
    expect(await finished(client, id)).toMatchObject({ status: 'done', attempt: 1 })
  })
})

test('who makes criteria for all may go: another makes them', async () => {
  course = await homeworkCourse(client, [FREE])
  const { id, release } = await begin()
  const { body } = await client.post(`/courses/${course.id}/check-homework`, order({ student_id: 'друга' }))
  await until(
    () => client.get(`/submissions/${body.submission_id}`),
    (answer) => answer.body.status === 'checking',
  )
  await client.delete(`/jobs/${await jobOf(id)}`)
  await world.model.called(2)
  release()
  expect(await finished(client, body.submission_id)).toMatchObject({
    result: { criteria: [{ id: 'c1' }, { id: 'c2' }] },
  })
  expect(world.asked()).toEqual(['criteria', 'criteria', 'check'])
  expect(await finished(client, id)).toMatchObject({ status: 'error', error: { code: 'job.cancelled' } })
})

test('what models said goes with the submission', async () => {
  const { id } = await check()
  expect(await world.answers(client.tenantId)).toMatchObject([{ submission_id: id, step: 'homework check' }])
  await inTenant((tx) => tx.deleteFrom('submissions').where('id', '=', id).execute())
  expect([await world.answers(client.tenantId), await world.gradings(client.tenantId, id)]).toEqual([[], []])
})

// The last, as its provider is then left alone for a while.
test('a provider that is away puts the job back to wait', async () => {
  world.model.fail(...[1, 2, 3].map(() => ({ kind: 'status', status: 503 }) as const))
  const { body } = await client.post(`/courses/${course.id}/check-homework`, order())
  await world.model.called(3)
  const job = await jobOf(body.submission_id)
  await until(
    () => client.get(`/jobs/${job}`),
    (answer) => answer.body.status === 'queued',
  )
  expect((await client.get(`/submissions/${body.submission_id}`)).body).toMatchObject({
    status: 'checking',
    error: null,
  })
  await client.delete(`/jobs/${job}`)
  expect(await endedJob(body.submission_id)).toMatchObject({ status: 'cancelled' })
})
