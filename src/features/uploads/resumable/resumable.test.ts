import { randomBytes } from 'node:crypto'
import { buffer } from 'node:stream/consumers'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startAnother } from '#test/another-app.ts'
import { startApp, type TestApp, type TestAppOptions } from '#test/app.ts'
import { build, until } from '#test/build.ts'
import { createClient } from '#test/client.ts'
import { startS3Server } from '#test/fakes/s3/server.ts'
import { idOf, offsetOf, sendByTus, tus, VIDEO } from '#test/tus.ts'

const PART = 8 * 1024 * 1024

const KEYS = {
  accessKey: 'test:tester',
  secretKey: 'a/secret+with=signs',
  bucket: 'materials',
  region: 'eu-central-003',
}

/** Where bytes may go; each with what ends it. */
const PLACES: [string, () => Promise<{ bucket?: NonNullable<TestAppOptions['objects']>; close(): Promise<void> }>][] = [
  ['files', async () => ({ close: async () => undefined })],
  [
    'a bucket',
    async () => {
      const server = await startS3Server(KEYS)
      return { bucket: { kind: 's3', endpoint: server.url, ...KEYS }, close: () => server.close() }
    },
  ],
]

describe.each(PLACES)('on %s', (_name, openPlace) => {
  let place: Awaited<ReturnType<typeof openPlace>>
  let app: TestApp
  let acme: Awaited<ReturnType<TestApp['as']>>
  let courseId: string
  let endpoint: string
  let headers: Record<string, string>

  beforeAll(async () => {
    place = await openPlace()
    app = await startApp(place.bucket ? { objects: place.bucket } : {})
    acme = await app.as('Академія', ['prep'])
    courseId = (await build.course(acme)).id
    endpoint = `${app.url}/api/v1/courses/${courseId}/uploads`
    headers = { 'X-API-Key': acme.key }
  })
  afterAll(async () => {
    await app.close()
    await place.close()
  })

  async function expectStored(uploadId: string, bytes: Buffer) {
    const { status, body } = await acme.get(`/materials/${uploadId}`)
    expect([status, body]).toMatchObject([
      200,
      { ...VIDEO, course_id: courseId, size_bytes: bytes.length, sha256: null, status: 'pending' },
    ])
    const stored = await buffer(await app.services.objects.get(`${acme.tenantId}/${courseId}/${uploadId}`))
    expect(stored.equals(bytes)).toBe(true)
  }

  /** The bytes that are safe, without asking over HTTP: that would end whoever writes. */
  const savedBytes = (location: string) =>
    app.services.db.forTenant(acme.tenantId, async (tx) => {
      const row = tx.selectFrom('uploads').select('offset_bytes').where('id', '=', idOf(location))
      return Number((await row.executeTakeFirstOrThrow()).offset_bytes)
    })

  test.each([
    ['whole', PART + 5, Number.POSITIVE_INFINITY],
    ['in pieces of 5 MB', 11_000_000, 5_000_000],
    ['in pieces of 100 kB', 450_000, 100_000],
    ['of exactly two parts', 2 * PART, Number.POSITIVE_INFINITY],
    ['of no bytes', 0, Number.POSITIVE_INFINITY],
  ])('a file comes %s', async (_how, size, chunkSize) => {
    const bytes = randomBytes(size)
    const url = await sendByTus(bytes, { endpoint, headers, chunkSize })
    await expectStored(idOf(url), bytes)
  })

  test('a client that died comes back and sends no more than one part again', async () => {
    const bytes = randomBytes(2 * PART + 5)
    const location = await tus.begin(acme, courseId, { length: bytes.length })
    const dying = tus.open(app.url + location, { offset: 0, length: bytes.length })
    const came = 1.5 * PART
    dying.send(bytes.subarray(0, came))
    await until(
      () => savedBytes(location),
      (saved) => saved >= PART,
    )
    dying.cut()
    const offset = offsetOf(await tus.look(acme, location))
    expect(offset).toBeGreaterThanOrEqual(PART)
    expect(offset).toBeLessThanOrEqual(came)
    const began: number[] = []
    await sendByTus(bytes, {
      uploadUrl: app.url + location,
      onBeforeRequest: (request) => void began.push(Number(request.getHeader('Upload-Offset'))),
    })
    expect(began.filter((at) => at > 0)).toEqual([offset])
    await expectStored(idOf(location), bytes)
  })

  test('the newest of two clients wins, and nothing is lost', async () => {
    const bytes = randomBytes(1.5 * PART)
    const location = await tus.begin(acme, courseId, { length: bytes.length })
    const first = tus.open(app.url + location, { offset: 0, length: bytes.length })
    first.send(bytes.subarray(0, 1.2 * PART))
    await until(
      () => savedBytes(location),
      (saved) => saved >= PART,
    )
    await sendByTus(bytes, { uploadUrl: app.url + location })
    expect(await first.answer).toMatchObject({ status: 409, body: { code: 'upload.overtaken' } })
    await expectStored(idOf(location), bytes)
  })

  test('also when the newest speaks to another process, and after the first process is gone', async () => {
    const bytes = randomBytes(2.5 * PART)
    const location = await tus.begin(acme, courseId, { length: bytes.length })
    const first = tus.open(app.url + location, { offset: 0, length: bytes.length })
    first.send(bytes.subarray(0, 1.2 * PART))
    await until(
      () => savedBytes(location),
      (saved) => saved >= PART,
    )
    const another = await startAnother(app, place.bucket)
    try {
      const elsewhere = createClient(another.url, acme.key)
      const offset = offsetOf(await tus.look(elsewhere, location))
      const { status } = await tus.patch(elsewhere, location, offset, bytes.subarray(offset, 1.5 * PART + 9))
      expect(status).toBe(204)
      first.send(bytes.subarray(1.2 * PART, 2.2 * PART))
      expect(await first.answer).toMatchObject({ status: 409, body: { code: 'upload.overtaken' } })
    } finally {
      await another.close()
    }
    expect(offsetOf(await tus.look(acme, location))).toBe(1.5 * PART + 9)
    await sendByTus(bytes, { uploadUrl: app.url + location })
    await expectStored(idOf(location), bytes)
  })

  test('a client whose last answer was lost learns that it is done', async () => {
    const bytes = randomBytes(500)
    const location = await tus.begin(acme, courseId, { length: 500 })
    const sent = await tus.patch(acme, location, 0, bytes)
    // Read to its end, the connection is good for more.
    expect(sent.headers.get('connection')).toBe('keep-alive')
    const material = `/api/v1/materials/${idOf(location)}`
    expect([sent.status, sent.headers.get('content-location')]).toEqual([204, material])
    const seen = await tus.look(acme, location)
    expect([offsetOf(seen), seen.headers.get('content-location')]).toEqual([500, material])
    expect((await tus.patch(acme, location, 500, '')).status).toBe(204)
    expect((await tus.patch(acme, location, 0, bytes)).body.code).toBe('upload.offset_mismatch')
    expect((await tus.delete(acme, location)).body.code).toBe('upload.finished')
    await expectStored(idOf(location), bytes)
  })

  test('a process that died between the object and the row is made good by all who ask', async () => {
    const bytes = randomBytes(500)
    const location = await tus.begin(acme, courseId, { length: 500 })
    await tus.patch(acme, location, 0, bytes)
    // As it was before the transaction.
    await app.services.db.asOperator('forget an acceptance', async (tx) => {
      await tx.deleteFrom('materials').where('id', '=', idOf(location)).execute()
      await tx.updateTable('uploads').set({ finished_at: null }).where('id', '=', idOf(location)).execute()
      await tx
        .deleteFrom('jobs')
        .where('dedupe_key', '=', `ingest ${idOf(location)}`)
        .execute()
    })
    const another = await startAnother(app, place.bucket)
    try {
      const clients = [acme, createClient(another.url, acme.key)]
      for (const { status, headers } of await Promise.all(clients.map((client) => tus.look(client, location)))) {
        expect([status, headers.get('content-location')]).toEqual([200, `/api/v1/materials/${idOf(location)}`])
      }
    } finally {
      await another.close()
    }
    await expectStored(idOf(location), bytes)
  })

  test('one that is given up leaves nothing', async () => {
    const location = await tus.begin(acme, courseId, { length: 2 * PART })
    await tus.patch(acme, location, 0, randomBytes(PART + 1))
    expect((await tus.delete(acme, location)).status).toBe(204)
    expect((await tus.look(acme, location)).status).toBe(404)
    const discarded = await app.services.db.asOperator('look at discarded objects', (tx) =>
      tx.selectFrom('discarded_objects').select(['object_key', 'unfinished']).execute(),
    )
    expect(discarded).toContainEqual({
      object_key: `${acme.tenantId}/${courseId}/${idOf(location)}`,
      unfinished: true,
    })
  })
})
