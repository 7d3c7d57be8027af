import { once } from 'node:events'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { emptyDiscarded } from '#features/materials/index.ts'
import { newId } from '#platform/ids/index.ts'
import { startApp, type TestApp } from '#test/app.ts'
import { build } from '#test/build.ts'
import { capturedLog } from '#test/log.ts'
import { deleteUpload, dropExpiredUploads, findUpload, holdUpload, insertUpload, type NewUpload } from './index.ts'

let app: TestApp
let acme: Awaited<ReturnType<TestApp['as']>>

beforeAll(async () => {
  app = await startApp()
  acme = await app.as('Академія')
})
afterAll(() => app.close())

const inTenant: TestApp['services']['db']['forTenant'] = (tenantId, work) => app.services.db.forTenant(tenantId, work)

async function newUpload(changes: Partial<NewUpload> = {}) {
  const [id, courseId, tenantId] = [newId(), (await build.course(acme)).id, acme.tenantId]
  const unknown = { sourceType: null, filename: null, contentType: null, externalId: null, replacesId: null }
  const bytes = { sizeBytes: null, sha256: null, reservedBytes: 0, partial: null }
  const upload: NewUpload = {
    ...{ id, courseId, tenantId, kind: 'streamed', ...unknown, ...bytes },
    objectKey: `${tenantId}/${courseId}/${id}`,
    expiresAt: new Date(Date.now() - 1_000),
    ...changes,
  }
  await inTenant(tenantId, (tx) => insertUpload(tx, upload))
  return upload
}

const find = ({ id, tenantId }: NewUpload) => inTenant(tenantId, (tx) => findUpload(tx, id))

async function hold(upload: NewUpload) {
  const { log } = await capturedLog()
  const held = holdUpload({ db: app.services.db, log, everyMs: 5 }, upload)
  onTestFinished(held.stop)
  return held
}

test('what nobody goes on with is dropped, its parts and its object, too', async () => {
  const { objects, db } = app.services
  const dead = await newUpload()
  const alive = await newUpload()
  const { stop } = await hold(alive)
  await expect.poll(async () => ((await find(alive))?.expiresAt ?? 0) > new Date()).toBe(true)
  stop()
  for (const { objectKey } of [dead, alive]) await objects.partial.begin(objectKey, { size: 10 })
  await objects.put(dead.objectKey, new Blob(['їжак']).stream(), { maxBytes: 100 })

  expect(await dropExpiredUploads(db)).toBe(1)
  expect([await find(dead), (await find(alive))?.id]).toEqual([undefined, alive.id])
  expect(await emptyDiscarded(app.services)).toBe(1)
  expect(await objects.head(dead.objectKey)).toBeUndefined()
  const begun: string[] = []
  for await (const { key } of objects.partial.list('')) begun.push(key)
  expect(begun).toEqual([alive.objectKey])
})

test('an upload ends when its course does', async () => {
  const upload = await newUpload()
  const { signal } = await hold(upload)
  await acme.delete(`/courses/${upload.courseId}`)
  await aborted(signal)
  expect(signal.reason).toMatchObject({ code: 'course.not_found' })
})

test('an upload ends when it was given up', async () => {
  const upload = await newUpload()
  const { signal } = await hold(upload)
  await inTenant(upload.tenantId, (tx) => deleteUpload(tx, upload.id))
  await aborted(signal)
  expect(signal.reason).toMatchObject({ code: 'service.unavailable' })
})

test('an upload outlives a database that is away for a moment', async () => {
  const upload = await newUpload()
  const { db } = app.services
  const { forTenant } = db
  let failures = 0
  db.forTenant = async () => {
    failures += 1
    throw new Error('away')
  }
  const { signal } = await hold(upload)
  await expect.poll(() => failures).toBeGreaterThan(1)
  db.forTenant = forTenant
  await expect.poll(async () => ((await find(upload))?.expiresAt ?? 0) > new Date()).toBe(true)
  expect(signal.aborted).toBe(false)
})

const aborted = async (signal: AbortSignal) => signal.aborted || once(signal, 'abort')
