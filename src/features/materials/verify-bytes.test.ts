import { createHash } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startApp, type TestApp } from '#test/app.ts'
import { build, until } from '#test/build.ts'
import { queryAsSuperuser } from '#test/database.ts'
import { type StoreOnFake, startS3Store } from '#test/fakes/s3/store.ts'
import { emptyDiscarded } from './index.ts'

const TEXT = '# Вступ\n\nЗмінна — це імʼя.'
const SHA256 = createHash('sha256').update(TEXT).digest('hex')
const SIZE = Buffer.byteLength(TEXT)
const OTHER = createHash('sha256').update('інше').digest('hex')
// What S3 answers is tried again by the client itself: a longer outage than that.
const LONG = 5

let s3: StoreOnFake
let app: TestApp
let acme: Awaited<ReturnType<TestApp['as']>>
let course: string

beforeAll(async () => {
  s3 = await startS3Store()
  app = await startApp({ worker: true, objects: { kind: 's3', ...s3.options } })
  acme = await app.as('Академія')
  course = (await build.course(acme)).id
})
afterAll(async () => {
  await app.close()
  await s3.close()
})

const sql = (text: string, values: unknown[] = []) => queryAsSuperuser(app.database, text, values)
const reads = (id: string) =>
  s3.server.requests.filter(({ operation, key }) => operation === 'GetObject' && key.endsWith(id)).length

/** A material as one that came in pieces, whose bytes nobody has hashed; not read yet. */
async function unhashed(filename: string, { sha256, size }: { sha256: string | null; size: number }): Promise<string> {
  const { id } = await build.readMaterial(acme, course, { filename, text: TEXT })
  await sql(
    `UPDATE materials SET sha256 = NULL, declared_sha256 = $2, size_bytes = $3, status = 'error', error_code = 'test'
     WHERE id = $1`,
    [id, sha256, size],
  )
  return id
}

async function retried(id: string) {
  const before = reads(id)
  expect((await acme.post(`/materials/${id}/retry`, {})).status).toBe(202)
  const { status, sha256, error } = await build.read(acme, id)
  return { status, sha256, code: (error as { code: string } | null)?.code, reads: reads(id) - before }
}

test.each<[string, string | null, number, object]>([
  ['урок.md', null, SIZE, { status: 'done', sha256: SHA256, reads: 2 }],
  ['урок.txt', SHA256, SIZE, { status: 'done', sha256: SHA256, reads: 2 }],
  ['скан.pdf', SHA256, SIZE, { status: 'error', sha256: SHA256, code: 'extract.unreadable', reads: 2 }],
  ['чужий.md', OTHER, SIZE, { status: 'error', sha256: SHA256, code: 'upload.digest_mismatch', reads: 1 }],
  ['короткий.md', null, SIZE + 1, { status: 'error', sha256: null, code: 'upload.size_mismatch', reads: 1 }],
  ['довгий.md', SHA256, SIZE - 1, { status: 'error', sha256: null, code: 'upload.size_mismatch', reads: 1 }],
])('%s that was declared as %s with %i bytes', async (filename, sha256, size, found) => {
  const id = await unhashed(filename, { sha256, size })
  expect(await retried(id)).toEqual(expect.objectContaining(found))
})

test('what is known is not read again', async () => {
  const [right, wrong] = [
    await unhashed('раз.md', { sha256: SHA256, size: SIZE }),
    await unhashed('два.md', { sha256: OTHER, size: SIZE }),
  ]
  for (const id of [right, wrong]) await retried(id)
  await sql(`UPDATE materials SET status = 'error', error_code = 'test' WHERE id = $1`, [right])
  expect(await retried(right)).toMatchObject({ status: 'done', reads: 1 })
  expect(await retried(wrong)).toMatchObject({ code: 'upload.digest_mismatch', reads: 0 })
})

test('while the storage is out of reach, the hash waits', async () => {
  const id = await unhashed('пізніше.md', { sha256: SHA256, size: SIZE })
  s3.server.faults.next('GetObject', { kind: 'status', status: 503 }, LONG)
  expect((await acme.post(`/materials/${id}/retry`, {})).status).toBe(202)
  const waiting = `SELECT FROM jobs WHERE payload ->> 'materialId' = $1 AND status = 'queued' AND attempts = 1`
  await until(
    () => sql(waiting, [id]),
    ({ length }) => length === 1,
  )
  await sql(`UPDATE jobs SET run_after = now() WHERE payload ->> 'materialId' = $1`, [id])
  await sql('SELECT queue.wake(now())')
  expect(await build.read(acme, id)).toMatchObject({ status: 'done', sha256: SHA256 })
})

test('the objects of a deleted course are hidden, every one, and nobody else’s', async () => {
  const [kept, doomed] = [course, (await build.course(acme)).id]
  const { id: other } = await build.material(acme, kept)
  const ids = await Promise.all([1, 2, 3].map(async () => (await build.material(acme, doomed)).id))
  expect((await acme.delete(`/courses/${doomed}`)).status).toBe(204)
  await until(
    async () => {
      await emptyDiscarded(app.services)
      return ids.filter((id) => s3.server.objects().has(`${acme.tenantId}/${doomed}/${id}`))
    },
    ({ length }) => length === 0,
  )
  expect(ids.map((id) => s3.server.versionsOf(`${acme.tenantId}/${doomed}/${id}`))).toEqual([1, 1, 1])
  expect(s3.server.objects().has(`${acme.tenantId}/${kept}/${other}`)).toBe(true)
})
