import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { materialsWork } from '#features/materials/index.ts'
import { newId } from '#platform/ids/index.ts'
import { startWorker } from '#platform/queue/start-worker.ts'
import { createScratch } from '#platform/scratch/index.ts'
import { startApp, type TestApp } from '#test/app.ts'
import { build, until } from '#test/build.ts'
import { noMedia } from '#test/fakes/media.ts'
import { inProcessExtractor } from '#test/in-process-extractor.ts'

let app: TestApp
let acme: Awaited<ReturnType<TestApp['as']>>

beforeAll(async () => {
  app = await startApp()
  acme = await app.as('Академія')
})
afterAll(() => app.close())

/** A job as the queue would have left it. */
async function jobThat(is: Record<string, unknown>): Promise<string> {
  const id = newId()
  const row = { id, tenant_id: acme.tenantId, kind: 'check_homework', scope: 'prep', priority: 1, payload: '{}', ...is }
  await app.services.db.forTenant(acme.tenantId, (tx) => tx.insertInto('jobs').values(row).execute())
  return id
}

const at = new Date('2026-03-01T10:00:00Z')
const later = new Date('2026-03-01T10:00:05.250Z')

describe('a job is shown', () => {
  const fresh = {
    course_id: null,
    status: 'queued',
    progress: 0,
    result: null,
    error: null,
    last_error: null,
    retry_at: null,
    finished_at: null,
  }
  test.each<[string, Record<string, unknown>, Record<string, unknown>]>([
    ['waiting', {}, fresh],
    [
      'waiting for another attempt',
      { attempts: 1, last_error_code: 'llm.unavailable', last_error_message: 'Ніхто не відповів.', run_after: later },
      {
        ...fresh,
        last_error: { code: 'llm.unavailable', message: 'Ніхто не відповів.' },
        retry_at: later.toISOString(),
      },
    ],
    ['running', { status: 'running', worker_id: 1, progress: 0.25 }, { ...fresh, status: 'running', progress: 0.25 }],
    [
      'done',
      { status: 'done', progress: 1, result: '{"version":3}', finished_at: later },
      { ...fresh, status: 'done', progress: 1, result: { version: 3 }, finished_at: later.toISOString() },
    ],
    [
      'failed',
      { status: 'error', error_code: 'job.timeout', error_message: 'Задовго.', finished_at: later },
      {
        ...fresh,
        status: 'error',
        error: { code: 'job.timeout', message: 'Задовго.' },
        finished_at: later.toISOString(),
      },
    ],
    [
      'cancelled',
      { status: 'cancelled', finished_at: later },
      { ...fresh, status: 'cancelled', finished_at: later.toISOString() },
    ],
  ])('%s', async (_what, row, shown) => {
    const id = await jobThat({ created_at: at, ...row })
    const { status, body } = await acme.get(`/jobs/${id}`)
    expect([status, body]).toEqual([200, { id, kind: 'check_homework', created_at: at.toISOString(), ...shown }])
  })

  test('with the course it is about, and without it once that is deleted', async () => {
    const { id: course_id } = await build.course(acme)
    const id = await jobThat({ course_id })
    expect((await acme.get(`/jobs/${id}`)).body.course_id).toBe(course_id)
    await acme.delete(`/courses/${course_id}`)
    expect((await acme.get(`/jobs/${id}`)).body).toMatchObject({ id, course_id: null })
  })
})

describe('a job is shown to', () => {
  test.each([
    ['prep', ['prep'], 200],
    ['prep', ['check'], 403],
    ['check', ['check'], 200],
    ['check', ['prep'], 403],
    ['check', ['prep', 'check'], 200],
  ] as const)('of %s, to a key with %j: %i', async (scope, scopes, status) => {
    const id = await jobThat({ scope })
    const answer = await (await app.as('Академія', [...scopes])).get(`/jobs/${id}`)
    expect(answer.status).toBe(status)
    if (status === 403) expect(answer.body.code).toBe('auth.scope_missing')
  })

  test('nobody else, as if it were not there', async () => {
    const rival = await app.as('Суперник')
    const [foreign, unknown] = [await rival.get(`/jobs/${await jobThat({})}`), await rival.get(`/jobs/${newId()}`)]
    const { request_id: _, ...problem } = foreign.body
    expect([foreign.status, problem.code]).toEqual([404, 'job.not_found'])
    expect(unknown.body).toMatchObject(problem)
    expect((await acme.get('/jobs/перший')).status).toBe(422)
  })
})

describe('a job is cancelled', () => {
  const cancelled = expect.objectContaining({ status: 'cancelled', finished_at: expect.any(String) })
  test.each<[string, Record<string, unknown>, number, unknown]>([
    ['at once while it waits', {}, 200, cancelled],
    [
      'when its worker notices',
      { status: 'running', worker_id: 1 },
      202,
      expect.objectContaining({ status: 'running' }),
    ],
    ['but once', { status: 'cancelled', finished_at: later }, 200, cancelled],
    [
      'not when it is done',
      { status: 'done', finished_at: later },
      409,
      expect.objectContaining({ code: 'job.finished' }),
    ],
    [
      'not when it has failed',
      { status: 'error', error_code: 'job.timeout', error_message: 'Задовго.', finished_at: later },
      409,
      expect.objectContaining({ code: 'job.finished' }),
    ],
  ])('%s', async (_what, row, status, body) => {
    const id = await jobThat(row)
    for (const _again of [1, 2]) {
      const answer = await acme.delete(`/jobs/${id}`)
      expect([answer.status, answer.body]).toEqual([status, body])
      expect(answer.headers.get('location')).toBe(status === 202 ? `/api/v1/jobs/${id}` : null)
    }
  })

  test('by its own tenant, with the scope that started it', async () => {
    const id = await jobThat({})
    const foreign = await (await app.as('Суперник')).delete(`/jobs/${id}`)
    expect([foreign.status, foreign.body.code]).toEqual([404, 'job.not_found'])
    const grader = await (await app.as('Академія', ['check'])).delete(`/jobs/${id}`)
    expect([grader.status, grader.body.code]).toEqual([403, 'auth.scope_missing'])
    expect((await acme.get(`/jobs/${id}`)).body.status).toBe('queued')
  })
})

test('a material whose reading was cancelled says so, and can be retried', async () => {
  const { db, objects } = app.services
  const { id } = await build.material(acme, (await build.course(acme)).id)
  const job = await db.forTenant(acme.tenantId, (tx) =>
    tx.selectFrom('jobs').select('id').where('kind', '=', 'ingest_material').executeTakeFirstOrThrow(),
  )
  expect((await acme.delete(`/jobs/${job.id}`)).status).toBe(200)
  const web = { fetchPage: () => Promise.reject(new Error('There is no web here.')), close: async () => undefined }
  const { handlers } = materialsWork({
    ...{ db, objects, web, extractor: inProcessExtractor, media: noMedia },
    ...{ models: app.models, scratch: createScratch({ folder: app.scratchFolder }) },
  })
  const log = { debug() {}, info() {}, warn() {}, error() {} }
  const worker = await startWorker({ db, queueUrl: app.database.urls.queue, slots: 2, handlers, log, sweepMs: 50 })
  try {
    const { body } = await until(
      () => acme.get(`/materials/${id}`),
      ({ body }) => body.status !== 'pending',
    )
    expect(body).toMatchObject({ status: 'error', error: { code: 'job.cancelled' } })
    expect((await acme.post(`/materials/${id}/retry`)).status).toBeLessThan(300)
    expect(await build.read(acme, id)).toMatchObject({ status: 'done', error: null })
  } finally {
    await worker.stop()
  }
})
