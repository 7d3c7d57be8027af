import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { startWorker, type Worker } from '#platform/queue/start-worker.ts'
import { startApp, type TestApp } from '#test/app.ts'
import { build, until } from '#test/build.ts'
import { engineInHand } from '../fixtures/engine-in-hand.ts'
import { materialThatIs, type OpenCourse, oneLesson, openCourse } from '../fixtures/open-course.ts'
import { structureWork } from '../index.ts'

let app: TestApp
let acme: Awaited<ReturnType<TestApp['as']>>
let worker: Worker
let course: OpenCourse
let job: string
const hand = engineInHand()

beforeAll(async () => {
  app = await startApp()
  acme = await app.as('Академія')
  const { handlers } = structureWork({ db: app.services.db, outline: hand.engine, models: app.models })
  const log = { debug() {}, info() {}, warn() {}, error() {} }
  worker = await startWorker({ db: app.services.db, queueUrl: app.database.urls.queue, slots: 2, handlers, log })
})
afterAll(async () => {
  await worker.stop()
  await app.close()
})
beforeEach(async () => {
  course = await openCourse(acme)
})

const done = () => materialThatIs('done', { app, client: acme, course })
const start = async (order = {}) => {
  job = (await course.generate(order)).body.job_id
  return hand.build()
}
const ended = () => build.endedJob(acme, job)

describe('a job', () => {
  test('runs, says how far it is, and ends with what it made', async () => {
    const material = await done()
    const build = await start()
    const { body } = await until(
      () => acme.get(`/jobs/${job}`),
      ({ body }) => body.progress > 0,
    )
    expect(body).toMatchObject({ status: 'running', result: null, error: null, finished_at: null })
    expect((await course.generate({ strategy: 'quality' })).body.job_id).toBe(job)
    build.release()
    const made = { version: 1, generated_by: 'outline', modules: 1, lessons: 1, concepts: 1, exercises: 0 }
    const result = {
      ...{ ...made, strategy: 'default', models: [], cost_usd: '0' },
      notice: 'No language model is configured: the outline engine made this.',
    }
    expect(await ended()).toEqual({
      ...{ id: job, kind: 'generate_structure', course_id: course.id, status: 'done', progress: 1, result },
      ...{
        error: null,
        last_error: null,
        retry_at: null,
        created_at: expect.any(String),
        finished_at: expect.any(String),
      },
    })
    const { structure } = await course.read()
    expect(structure).toMatchObject({ version: 1, generated_by: 'outline', material_ids: [material], stale: false })
  })

  test('that ended makes room for another, with the same ids', async () => {
    await done()
    const versions = []
    for (let version = 1; version <= 2; version++) {
      const { release } = await start({ force: true })
      release()
      await ended()
      versions.push(await course.read())
    }
    expect(versions.map(({ structure }) => structure.version)).toEqual([1, 2])
    expect(versions[1].modules).toEqual(versions[0].modules)
  })

  test('makes nothing again of what has not changed', async () => {
    await done()
    const { release } = await start()
    release()
    const { result } = await ended()
    job = (await course.generate({ strategy: 'budget' })).body.job_id
    expect((await ended()).result).toEqual({ ...result, strategy: 'budget', unchanged: true })
    await acme.patch(`/courses/${course.id}`, { title: 'Інша назва' })
    await start().then(({ release }) => release())
    expect((await ended()).result).toMatchObject({ version: 2 })
  })

  test('run twice makes the same course again', async () => {
    await done()
    const [handler] = structureWork({ db: app.services.db, outline: hand.engine, models: app.models }).handlers
    const payload = { courseId: course.id, strategy: 'default', replaceAuthor: false, force: true }
    const about = { id: course.id, tenantId: acme.tenantId, courseId: course.id, payload, attempt: 1 }
    const seen = []
    for (let run = 1; run <= 2; run++) {
      const running = handler?.run({ ...about, signal: new AbortController().signal, progress: () => undefined })
      const { release } = await hand.build()
      release()
      expect(await running).toMatchObject({ version: run })
      seen.push((await course.read()).modules)
    }
    expect(seen[1]).toEqual(seen[0])
  })

  test('fails when its materials are gone by the time it begins', async () => {
    const blocker = await openCourse(acme)
    await materialThatIs('done', { app, client: acme, course: blocker })
    await blocker.generate()
    const blocking = await hand.build()
    const material = await done()
    job = (await course.generate()).body.job_id
    await acme.delete(`/materials/${material}`)
    blocking.release()
    expect(await ended()).toMatchObject({ status: 'error', error: { code: 'structure.no_materials' }, result: null })
    expect((await course.read()).structure).toBeNull()
  })
})

describe('while a job runs', () => {
  test("the author's version is not written over", async () => {
    await done()
    const { release } = await start()
    const { body } = await course.put(oneLesson({ title: 'Мій урок' }))
    release()
    expect(await ended()).toMatchObject({ status: 'error', error: { code: 'structure.author_version' } })
    expect(await course.read()).toEqual(body)
  })

  test("the author's version is replaced when that was asked for, and stays readable", async () => {
    await done()
    await course.put(oneLesson({ title: 'Перший' }))
    const { release } = await start({ replace_author: true })
    const { body } = await course.put(oneLesson({ title: 'Другий' }))
    release()
    expect((await ended()).result).toMatchObject({ version: 3 })
    const shown = await course.read()
    expect([shown.structure.generated_by, shown.modules[0].title]).toEqual(['outline', 'Основи'])
    expect((await course.read('?version=2')).modules).toEqual(body.modules)
    expect((await course.generate({ force: true })).status).toBe(202)
    await hand.build().then(({ release }) => release())
  })

  test('a material that is added makes the result stale, not wrong', async () => {
    const material = await done()
    const { release } = await start()
    await done()
    release()
    await ended()
    expect((await course.read()).structure).toMatchObject({ material_ids: [material], stale: true })
  })

  test('the course may be deleted: the job ends quietly', async () => {
    await done()
    const { release } = await start()
    expect((await acme.delete(`/courses/${course.id}`)).status).toBe(204)
    release()
    expect(await ended()).toMatchObject({ status: 'done', course_id: null, result: { skipped: true }, error: null })
  })
})

test('a course that is deleted before its job begins ends that quietly', async () => {
  const blocker = await openCourse(acme)
  await materialThatIs('done', { app, client: acme, course: blocker })
  await blocker.generate()
  const blocking = await hand.build()
  await done()
  job = (await course.generate()).body.job_id
  await acme.delete(`/courses/${course.id}`)
  blocking.release()
  expect(await ended()).toMatchObject({ status: 'done', course_id: null, result: { skipped: true } })
})
