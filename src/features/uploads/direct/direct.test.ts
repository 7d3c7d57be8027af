import { createHash, randomBytes } from 'node:crypto'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { dropExpiredUploads } from '#features/storage/index.ts'
import { newId } from '#platform/ids/index.ts'
import type { PartialObject } from '#platform/objects/index.ts'
import { startApp, type TestApp } from '#test/app.ts'
import { build } from '#test/build.ts'
import type { Answer } from '#test/client.ts'
import { type S3Server, startS3Server } from '#test/fakes/s3/server.ts'
import { whileHeld } from '#test/held.ts'

const PART = 8 * 1024 * 1024
const BYTES = randomBytes(PART + 5)
const BUCKET = { accessKey: 'test', secretKey: 'secret', bucket: 'materials', region: 'eu-central-003' }

type Tenant = Awaited<ReturnType<TestApp['as']>>

let s3: S3Server
let app: TestApp
let acme: Tenant
let course: string
let superuser: pg.Client

beforeAll(async () => {
  s3 = await startS3Server(BUCKET)
  app = await startApp({ objects: { kind: 's3', endpoint: s3.url, ...BUCKET }, maxUploadBytes: 100_000_000 })
  acme = await app.as('Академія')
  course = (await build.course(acme)).id
  superuser = new pg.Client({ connectionString: app.database.urls.superuser })
  await superuser.connect()
})
afterAll(async () => {
  await superuser.end()
  await app.close()
  await s3.close()
})

const FILE = {
  source_type: 'video',
  filename: 'Лекція 1: “Вступ”.mp4',
  content_type: 'video/mp4',
  size_bytes: BYTES.length,
}
const order = (fields: object = {}, headers: Record<string, string> = {}, { of = acme, id = course } = {}) =>
  of.post(`/courses/${id}/materials/direct`, { ...FILE, ...fields }, headers)
const at = (uploadId: string, courseId = course) => `/courses/${courseId}/materials/direct/${uploadId}`
const complete = (uploadId: string, headers: Record<string, string> = {}) =>
  acme.post(`${at(uploadId)}/complete`, undefined, headers)

type Parts = { number: number; size: number; url: string; headers: Record<string, string> }[]

/** PUTs the parts as any client would; answers with the bucket's statuses. */
async function send(parts: Parts, bytes: Uint8Array = BYTES): Promise<number[]> {
  const statuses: number[] = []
  for (const { number, size, url, headers } of parts) {
    const body = bytes.subarray((number - 1) * PART, (number - 1) * PART + size)
    statuses.push((await fetch(url, { method: 'PUT', headers, body: new Uint8Array(body) })).status)
  }
  return statuses
}

async function begin(
  fields: object = {},
  place: Parameters<typeof order>[2] = {},
): Promise<{ id: string; parts: Parts }> {
  const { status, body } = await order(fields, {}, place)
  expect(status, JSON.stringify(body)).toBe(201)
  return { id: body.upload_id, parts: body.parts }
}

const told = ({ status, body }: Answer) => [status, body?.code]
const rows = async (text: string, ...values: unknown[]) => (await superuser.query(text, values)).rows
const keyOf = (id: string, { tenantId } = acme) => `${tenantId}/${course}/${id}`
const accountOf = async ({ tenantId }: Tenant) => {
  const [row] = await rows('SELECT used_bytes, reserved_bytes FROM storage_usage WHERE tenant_id = $1', tenantId)
  return [Number(row?.used_bytes), Number(row?.reserved_bytes)]
}

describe('a whole upload', () => {
  test('goes to the bucket and becomes a material', async () => {
    const tenant = await app.as('Ціла')
    const { id: courseId } = await build.course(tenant)
    const sha256 = createHash('sha256').update(BYTES).digest('hex')
    const begun = await order({ sha256, external_id: 'lms-1' }, {}, { of: tenant, id: courseId })
    const { upload_id: id, expires_at: expiresAt, part_size: partSize, parts, complete_url: url } = begun.body
    expect([begun.status, begun.headers.get('location'), partSize]).toEqual([201, `/api/v1${at(id, courseId)}`, PART])
    expect(Date.parse(expiresAt) - Date.now()).toBeGreaterThan(86_000_000)
    expect(Date.parse(expiresAt) - Date.now()).toBeLessThanOrEqual(86_400_000)
    expect(parts.map(({ number, size }: Parts[0]) => [number, size])).toEqual([
      [1, PART],
      [2, 5],
    ])
    expect(await accountOf(tenant)).toEqual([0, BYTES.length])

    expect(await send(parts)).toEqual([200, 200])
    const done = await tenant.request('POST', `/${url}`)
    expect(done.body).toMatchObject({
      id,
      course_id: courseId,
      external_id: 'lms-1',
      filename: FILE.filename,
      content_type: 'video/mp4',
      size_bytes: BYTES.length,
      sha256: null,
      status: 'pending',
    })
    expect([done.status, done.headers.get('location')]).toEqual([201, `/api/v1/materials/${id}`])
    const stored = s3.objects().get(`${tenant.tenantId}/${courseId}/${id}`)
    expect([stored?.bytes.equals(BYTES), stored?.contentType]).toEqual([true, 'video/mp4'])
    expect(await accountOf(tenant)).toEqual([BYTES.length, 0])
    expect(await rows('SELECT declared_sha256 FROM materials WHERE id = $1', id)).toEqual([{ declared_sha256: sha256 }])
  })

  test('is begun once for one Idempotency-Key', async () => {
    const [first, again] = [await order({}, { 'idempotency-key': 'a' }), await order({}, { 'idempotency-key': 'a' })]
    expect([again.status, again.body]).toEqual([201, first.body])
    expect(told(await order({ size_bytes: 7 }, { 'idempotency-key': 'a' }))).toEqual([422, 'idempotency.mismatch'])
  })

  test('takes no part of another size: the bucket refuses it', async () => {
    const { id, parts } = await begin()
    // Without the headers: the client itself would notice.
    const others = parts.map((part) => ({ ...part, size: part.size - 1, headers: {} }))
    expect(await send(others)).toEqual([403, 403])
    const answer = await complete(id)
    expect(told(answer)).toEqual([409, 'upload.incomplete'])
    expect(answer.body.detail).toContain('part 1 is missing, part 2 is missing')
  })

  test('goes on where it was: what is missing is told, signed anew and then taken', async () => {
    const { id, parts } = await begin()
    await send(parts.slice(1))
    expect((await complete(id)).body.detail).toContain(': part 1 is missing.')
    const { status, body } = await acme.get(at(id))
    expect([status, body.parts.map(({ number }: Parts[0]) => number)]).toEqual([200, [1]])
    expect(await send(body.parts)).toEqual([200])
    expect((await acme.get(at(id))).body.parts).toEqual([])
    expect((await complete(id)).status).toBe(201)
    expect(s3.objects().get(keyOf(id))?.bytes.equals(BYTES)).toBe(true)
  })
})

describe('completing', () => {
  test('is safe to repeat, with or without an Idempotency-Key', async () => {
    const { id, parts } = await begin({ size_bytes: 5 })
    await send(parts)
    const answers = [
      await complete(id, { 'idempotency-key': 'once' }),
      await complete(id),
      await complete(id, { 'idempotency-key': 'once' }),
      await complete(id, { 'idempotency-key': 'twice' }),
      await complete(id, { 'idempotency-key': 'twice' }),
    ]
    expect(answers.map(({ status, body }) => [status, body.id])).toEqual(Array(5).fill([201, id]))
    expect((await acme.post(`${at(id)}/complete`, {})).status).toBe(201)
    await acme.delete(`/materials/${id}`)
    expect(told(await complete(id))).toEqual([404, 'material.not_found'])
  })

  test('several times at once makes one material', async () => {
    const { id, parts } = await begin({ size_bytes: 5 })
    await send(parts)
    const answers = await Promise.all([1, 2, 3, 4].map(() => complete(id)))
    expect(answers.map(({ status, body }) => [status, body.id])).toEqual(Array(4).fill([201, id]))
    expect(await rows("SELECT count(*)::int FROM jobs WHERE payload->>'materialId' = $1", id)).toEqual([{ count: 1 }])
    expect(s3.versionsOf(keyOf(id))).toBe(1)
  })

  test('heals what a crash left: whole in the bucket, unfinished here', async () => {
    const { id, parts } = await begin({ size_bytes: 5 })
    await send(parts)
    const [{ partial }] = (await rows('SELECT partial FROM uploads WHERE id = $1', id)) as [{ partial: PartialObject }]
    const { direct, partial: store } = app.services.objects
    const held = (await direct?.listParts(keyOf(id), partial)) ?? []
    await store.complete(keyOf(id), { ...partial, parts: held, offset: 5 }, { size: 5 })
    expect((await acme.get(at(id))).body.parts).toEqual([])
    expect((await complete(id)).body).toMatchObject({ id, size_bytes: 5 })
  })

  test('can be tried again when the bucket is away, or its place was taken meanwhile', async () => {
    const { id, parts } = await begin({ size_bytes: 5, external_id: 'lms-7' })
    await send(parts)
    expect(told(await acme.post(`${at(id)}/complete`, { parts: [] }))).toEqual([422, 'request.invalid'])
    s3.faults.next('CompleteMultipartUpload', { kind: 'status', status: 400 })
    expect(told(await complete(id))).toEqual([503, 'service.unavailable'])
    const url = `/courses/${course}/materials?source_type=text&filename=a.txt&external_id=lms-7`
    const { body } = await acme.request('POST', url, { body: 'a', headers: { 'content-type': 'text/plain' } })
    expect(told(await complete(id))).toEqual([409, 'material.external_id_taken'])
    await acme.delete(`/materials/${body.id}`)
    expect((await complete(id)).status).toBe(201)
  })
})

test('an upload is its tenant’s and its course’s', async () => {
  const { id } = await begin()
  const rival = await app.as('Суперник')
  const { id: otherCourse } = await build.course(acme)
  const { id: rivals } = await build.course(rival)
  for (const [client, path] of [
    [rival, at(id)],
    [rival, at(id, rivals)],
    [acme, at(id, otherCourse)],
    [acme, at(newId())],
  ] as const) {
    for (const answer of [await client.get(path), await client.post(`${path}/complete`), await client.delete(path)])
      expect(told(answer)).toEqual([404, 'upload.not_found'])
  }
  expect((await acme.get(at(id))).status).toBe(200)
})

describe('a place is kept', () => {
  test('within the quota, exactly, until the upload is cancelled', async () => {
    const thrifty = await app.as('Ощадний')
    const { id: courseId } = await build.course(thrifty)
    await superuser.query('UPDATE tenants SET storage_quota_bytes = 100 WHERE id = $1', [thrifty.tenantId])
    const place = { of: thrifty, id: courseId }
    const answers = await Promise.all(Array.from({ length: 5 }, () => order({ size_bytes: 30 }, {}, place)))
    expect(answers.map(told).sort()).toEqual([
      [201, undefined],
      [201, undefined],
      [201, undefined],
      [413, 'quota.exceeded'],
      [413, 'quota.exceeded'],
    ])
    const begun = answers.find(({ status }) => status === 201)
    expect((await thrifty.delete(at(begun?.body.upload_id, courseId))).status).toBe(204)
    expect(await accountOf(thrifty)).toEqual([0, 60])
    expect((await order({ size_bytes: 40 }, {}, place)).status).toBe(201)
  })

  test('for a hundred at most', async () => {
    const busy = await app.as('Заклопотаний')
    const { id: courseId } = await build.course(busy)
    await superuser.query(
      `INSERT INTO uploads (id, tenant_id, course_id, kind, size_bytes, reserved_bytes, object_key, expires_at)
       SELECT gen_random_uuid(), $1, $2, 'direct', 1, 1, 'busy/' || n, now() + interval '1 day' FROM generate_series(1, 98) n`,
      [busy.tenantId, courseId],
    )
    const answers = await Promise.all(
      Array.from({ length: 4 }, () => order({ size_bytes: 1 }, {}, { of: busy, id: courseId })),
    )
    expect(answers.map(told).sort()).toEqual([
      [201, undefined],
      [201, undefined],
      [409, 'upload.too_many_open'],
      [409, 'upload.too_many_open'],
    ])
  })

  test('not for what could not begin', async () => {
    const unlucky = await app.as('Невдаха')
    const { id: courseId } = await build.course(unlucky)
    s3.faults.next('CreateMultipartUpload', { kind: 'status', status: 403 })
    expect(told(await order({}, {}, { of: unlucky, id: courseId }))).toEqual([503, 'service.unavailable'])
    expect(await accountOf(unlucky)).toEqual([0, 0])
  })
})

describe('an upload ends', () => {
  const discarded = (id: string) => rows('SELECT unfinished FROM discarded_objects WHERE object_key = $1', keyOf(id))

  test('when it is cancelled', async () => {
    const { id, parts } = await begin({ size_bytes: 5 })
    await send(parts)
    expect((await acme.delete(at(id))).status).toBe(204)
    expect(await discarded(id)).toEqual([{ unfinished: true }])
    for (const answer of [await acme.get(at(id)), await complete(id), await acme.delete(at(id))])
      expect(told(answer)).toEqual([404, 'upload.not_found'])
  })

  test('but not once it is a material', async () => {
    const { id, parts } = await begin({ size_bytes: 5 })
    await send(parts)
    await complete(id)
    expect(told(await acme.delete(at(id)))).toEqual([409, 'upload.finished'])
    expect([(await complete(id)).status, await discarded(id)]).toEqual([201, []])
  })

  test('nor while it becomes one', async () => {
    const { id } = await begin({ size_bytes: 5 })
    const finish = `UPDATE uploads SET finished_at = now(), reserved_bytes = 0 WHERE id = '${id}';
      INSERT INTO materials (id, tenant_id, course_id, source_type, filename, object_key, size_bytes)
        SELECT id, tenant_id, course_id, source_type, filename, object_key, size_bytes FROM uploads WHERE id = '${id}'`
    expect(told(await whileHeld(app, finish, () => acme.delete(at(id))))).toEqual([409, 'upload.finished'])
    expect([(await complete(id)).status, await discarded(id)]).toEqual([201, []])
  })

  test('after a day', async () => {
    const { id, parts } = await begin({ size_bytes: 5 })
    await send(parts)
    await superuser.query(`UPDATE uploads SET expires_at = now() - interval '1 second' WHERE id = $1`, [id])
    for (const answer of [await acme.get(at(id)), await complete(id), await acme.delete(at(id))])
      expect(told(answer)).toEqual([404, 'upload.not_found'])
    expect(await dropExpiredUploads(app.services.db)).toBe(1)
    expect(await discarded(id)).toEqual([{ unfinished: true }])
  })
})
