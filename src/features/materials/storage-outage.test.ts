import pg from 'pg'
import { expect, onTestFinished, test } from 'vitest'
import { startApp } from '#test/app.ts'
import { build, until } from '#test/build.ts'
import { startS3Store } from '#test/fakes/s3/store.ts'
import { emptyDiscarded } from './index.ts'

// What S3 answers is tried again by the client itself: a longer outage than that.
const LONG = 5
// Calls without bytes are tried less often.
const LONG_FOR_CALLS = 4

async function start({ worker }: { worker: boolean }) {
  const s3 = await startS3Store()
  const app = await startApp({ worker, objects: { kind: 's3', ...s3.options } })
  onTestFinished(async () => {
    await app.close()
    await s3.close()
  })
  const acme = await app.as('Академія')
  return { app, acme, s3: s3.server, course: (await build.course(acme)).id }
}

test('a material whose storage is out of reach waits for it', async () => {
  const { app, acme, s3, course } = await start({ worker: true })
  s3.faults.next('GetObject', { kind: 'status', status: 503 }, LONG)
  const { id } = await build.material(acme, course)
  const superuser = new pg.Client({ connectionString: app.database.urls.superuser })
  await superuser.connect()
  const failedOnce = `SELECT FROM jobs WHERE status = 'queued' AND attempts = 1`
  await until(
    () => superuser.query(failedOnce),
    ({ rowCount }) => rowCount === 1,
  )
  expect((await acme.get(`/materials/${id}`)).body).toMatchObject({ status: 'processing', error: null })
  await superuser.query('UPDATE jobs SET run_after = now()')
  await superuser.query('SELECT queue.wake(now())')
  await superuser.end()
  const { body } = await until(
    () => acme.get(`/materials/${id}`),
    ({ body }) => body.status !== 'processing',
  )
  expect(body).toMatchObject({ status: 'done', error: null })
  expect(s3.faults.pending()).toBe(0)

  // Bytes that are gone will not come back.
  s3.faults.next('GetObject', { kind: 'status', status: 404 })
  expect(await build.readMaterial(acme, course)).toMatchObject({ error: { code: 'material.bytes_missing' } })
})

test('while the storage is out of reach, an upload is refused and leaves nothing, and what was deleted goes later', async () => {
  const { app, acme, s3, course } = await start({ worker: false })
  const { id } = await build.material(acme, course)
  s3.faults.next('PutObject', { kind: 'status', status: 503 }, LONG)
  const path = `/courses/${course}/materials?source_type=text&filename=a.md`
  const { status, body } = await acme.request('POST', path, { body: '# Вступ' })
  expect([status, body.code]).toEqual([503, 'service.unavailable'])
  expect((await acme.get(`/courses/${course}/materials`)).body.items.length).toBe(1)
  expect([...s3.objects().keys()]).toEqual([`${acme.tenantId}/${course}/${id}`])
  expect(await emptyDiscarded(app.services)).toBe(1)

  const { id: later } = await build.material(acme, course)
  for (const deleted of [id, later]) await acme.delete(`/materials/${deleted}`)
  s3.requests.length = 0
  s3.faults.next('DeleteObject', { kind: 'status', status: 503 }, LONG_FOR_CALLS)
  await expect(emptyDiscarded(app.services)).rejects.toThrow()
  expect(await emptyDiscarded(app.services)).toBe(2)
  expect(s3.objects().size).toBe(0)
  // What failed went to the end.
  expect(s3.requests.map(({ key }) => key.split('/').at(-1))).toEqual([...Array(LONG_FOR_CALLS).fill(id), later, id])
})
