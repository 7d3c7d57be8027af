import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { createTenants } from '#features/access/index.ts'
import { createTokens } from '#platform/tokens/index.ts'
import { startApp, type TestApp } from '#test/app.ts'
import { build, until } from '#test/build.ts'
import { type Client, createClient } from '#test/client.ts'
import { encode, idOf, offsetOf, tus, VIDEO } from '#test/tus.ts'
import type { Capability } from './capability.ts'

const MAX = 5_000_000
const HOUR = 3_600_000

let app: TestApp
let acme: Awaited<ReturnType<TestApp['as']>>
let courseId: string

beforeAll(async () => {
  app = await startApp({ maxUploadBytes: MAX, maxConcurrentUploads: 1, uploadStallMs: 400 })
  acme = await app.as('Академія', ['prep'])
  courseId = (await build.course(acme)).id
})
afterAll(() => app.close())

const bare = (location: string) => location.split('?')[0] ?? ''

const expireAt = (location: string, time: number) =>
  app.services.db.asOperator('age an upload', (tx) =>
    tx
      .updateTable('uploads')
      .set({ expires_at: new Date(time) })
      .where('id', '=', idOf(location))
      .execute(),
  )

const setQuota = (tenantId: string, bytes: number | null) =>
  app.services.db.asOperator('set a quota', (tx) =>
    tx.updateTable('tenants').set({ storage_quota_bytes: bytes }).where('id', '=', tenantId).execute(),
  )

describe('a creation', () => {
  test('answers where to go on, until when, and in which version', async () => {
    const { status, headers, body } = await tus.create(acme, courseId)
    expect([status, body, headers.get('tus-resumable')]).toEqual([201, null, '1.0.0'])
    const location = headers.get('location') ?? ''
    expect(location).toMatch(new RegExp(`^/api/v1/courses/${courseId}/uploads/[0-9a-f-]{36}\\?token=[\\w-]+$`))
    const left = Date.parse(headers.get('upload-expires') ?? '') - Date.now()
    expect(left).toBeGreaterThan(23.9 * HOUR)
    expect(left).toBeLessThanOrEqual(24 * HOUR)
    const seen = await tus.look(acme, location)
    expect(Object.fromEntries(seen.headers)).toMatchObject({
      'upload-offset': '0',
      'upload-length': '10',
      'upload-metadata': encode(VIDEO),
      'cache-control': 'no-store',
    })
  })

  test('tells what it can do to whoever asks', async () => {
    for (const path of [`/courses/${courseId}/uploads`, `/courses/${courseId}/uploads/${courseId}`]) {
      const { status, headers } = await app.anonymous.request('OPTIONS', path)
      expect([status, Object.fromEntries(headers)]).toMatchObject([
        204,
        { 'tus-version': '1.0.0', 'tus-extension': 'creation,expiration,termination', 'tus-max-size': `${MAX}` },
      ])
      expect([...headers.keys()].filter((name) => name.startsWith('access-control'))).toEqual([])
    }
  })

  test.each<[string, Parameters<typeof tus.create>[2], number, string, string?]>([
    ['another version', { headers: { 'tus-resumable': '0.2.2' } }, 412, 'tus.version_unsupported'],
    ['no length', { headers: { 'upload-length': '' } }, 400, 'tus.header_invalid'],
    ['a length of nonsense', { length: '1e3' }, 400, 'tus.header_invalid'],
    ['a length to come', { headers: { 'upload-defer-length': '1' } }, 501, 'tus.extension_unsupported'],
    ['a piece of a whole', { headers: { 'upload-concat': 'partial' } }, 501, 'tus.extension_unsupported'],
    ['too many bytes', { length: MAX + 1 }, 413, 'material.too_large'],
    [
      'metadata of nonsense',
      { headers: { 'upload-metadata': 'filename ї'.replace('ї', '%') } },
      400,
      'tus.header_invalid',
    ],
    ['a wrong type', { metadata: { ...VIDEO, filename: 'a.exe' } }, 415, 'material.unsupported_type'],
    ['the type of another source', { metadata: { ...VIDEO, source_type: 'text' } }, 415, 'material.unsupported_type'],
    ['a page as a file', { metadata: { ...VIDEO, source_type: 'web' } }, 415, 'material.unsupported_type'],
    ['no name', { metadata: { source_type: 'video' } }, 422, 'request.invalid', 'filename'],
    ['a path as a name', { metadata: { ...VIDEO, filename: '../а.mp4' } }, 422, 'request.invalid', 'filename'],
    ['no source type', { metadata: { filename: 'а.mp4' } }, 422, 'request.invalid', 'source_type'],
    ['a blank external id', { metadata: { ...VIDEO, external_id: ' ' } }, 422, 'request.invalid', 'external_id'],
    [
      'an external id with U+0000',
      { metadata: { ...VIDEO, external_id: 'a\0' } },
      422,
      'request.invalid',
      'external_id',
    ],
    ['what replaces nonsense', { metadata: { ...VIDEO, replaces: 'x' } }, 422, 'request.invalid', 'replaces'],
    [
      'what replaces nothing',
      { metadata: { ...VIDEO, replaces: crypto.randomUUID() } },
      422,
      'request.invalid',
      'replaces',
    ],
    ['a digest of nonsense', { metadata: { ...VIDEO, sha256: 'ab' } }, 422, 'request.invalid', 'sha256'],
    [
      'an origin with a path',
      { metadata: { ...VIDEO, origin: 'https://lms.example/' } },
      422,
      'request.invalid',
      'origin',
    ],
    ['any origin', { metadata: { ...VIDEO, origin: '*' } }, 422, 'request.invalid', 'origin'],
  ])('with %s is refused', async (_what, creation, status, code, field) => {
    const answer = await tus.create(acme, courseId, creation)
    expect([answer.status, answer.body.code, answer.body.errors?.[0].path]).toEqual([status, code, field])
    expect([answer.headers.get('tus-resumable'), answer.body.request_id]).toEqual([
      '1.0.0',
      answer.headers.get('x-request-id'),
    ])
    if (status === 412) expect(answer.headers.get('tus-version')).toBe('1.0.0')
  })

  test('keeps what it was told, and ignores what other clients say', async () => {
    const said = { content_type: 'video/mp4', external_id: 'lms-7', sha256: 'AB'.repeat(32) }
    const metadata = { ...VIDEO, ...said, name: 'а.mp4', type: 'video/mp4', relativePath: 'null' }
    const location = await tus.begin(acme, courseId, { length: 2, metadata })
    await tus.patch(acme, location, 0, 'ab')
    const { body } = await acme.get(`/materials/${idOf(location)}`)
    expect(body).toMatchObject({ content_type: 'video/mp4', external_id: 'lms-7', sha256: null })
    const row = await app.services.db.forTenant(acme.tenantId, (tx) =>
      tx.selectFrom('materials').select('declared_sha256').where('id', '=', body.id).executeTakeFirstOrThrow(),
    )
    expect(row.declared_sha256).toBe('ab'.repeat(32))
    const again = await tus.create(acme, courseId, { metadata })
    expect([again.status, again.body.code]).toEqual([409, 'material.external_id_taken'])
  })

  test('is done once for its Idempotency-Key', async () => {
    const headers = { 'idempotency-key': 'їжак'.length.toString() }
    const first = await tus.create(acme, courseId, { headers })
    const again = await tus.create(acme, courseId, { headers })
    expect([again.status, again.headers.get('location')]).toEqual([201, first.headers.get('location')])
    expect(again.headers.get('idempotency-replayed')).toBe('true')
    expect((await tus.create(acme, courseId, { headers, length: 11 })).body.code).toBe('idempotency.mismatch')
  })

  test('takes its room in the quota, which giving up returns', async () => {
    const poor = await app.as('Ощадна', ['prep'])
    const { id } = await build.course(poor)
    await setQuota(poor.tenantId, 1_000)
    const location = await tus.begin(poor, id, { length: 600 })
    expect((await tus.create(poor, id, { length: 600 })).body.code).toBe('quota.exceeded')
    expect((await tus.delete(poor, location)).status).toBe(204)
    await tus.begin(poor, id, { length: 1_000 })
  })
})

describe('going on', () => {
  let location: string
  beforeEach(async () => {
    location = await tus.begin(acme, courseId)
  })

  test.each<[string, number, Record<string, string>, number, string]>([
    ['elsewhere', 3, {}, 409, 'upload.offset_mismatch'],
    ['nowhere', 0, { 'upload-offset': '-1' }, 400, 'tus.header_invalid'],
    ['in another version', 0, { 'tus-resumable': '2.0.0' }, 412, 'tus.version_unsupported'],
    ['with another type', 0, { 'content-type': 'application/octet-stream' }, 415, 'request.unsupported_type'],
    ['with JSON', 0, { 'content-type': 'application/json' }, 415, 'request.unsupported_type'],
    ['with a new length', 0, { 'upload-length': '20' }, 501, 'tus.extension_unsupported'],
  ])('%s is refused', async (_how, offset, headers, status, code) => {
    const answer = await tus.patch(acme, location, offset, 'абв', headers)
    expect([answer.status, answer.body.code]).toEqual([status, code])
    expect(answer.headers.get('tus-resumable')).toBe('1.0.0')
    expect(offsetOf(await tus.look(acme, location))).toBe(0)
  })

  test('beyond the length is refused, whether it was said or not', async () => {
    expect((await tus.patch(acme, location, 0, 'x'.repeat(11))).body.code).toBe('upload.length_exceeded')
    const unsaid = new Blob(['x'.repeat(11)]).stream()
    const answer = await acme.request('PATCH', `/${location}`, {
      headers: { 'tus-resumable': '1.0.0', 'upload-offset': '0', 'content-type': 'application/offset+octet-stream' },
      body: unsaid,
    })
    expect([answer.status, answer.body.code]).toEqual([413, 'upload.length_exceeded'])
  })

  test('is nobody else’s business', async () => {
    const rival = await app.as('Суперник', ['prep'])
    const { id: theirs } = await build.course(rival)
    const places: [Client, string][] = [
      [rival, bare(location)],
      [rival, bare(location).replace(courseId, theirs)],
      [acme, bare(location).replace(courseId, (await build.course(acme)).id)],
    ]
    for (const [client, place] of places) {
      expect((await tus.look(client, place)).status).toBe(404)
      expect((await tus.patch(client, place, 0, 'x')).body.code).toBe('upload.not_found')
      expect((await tus.delete(client, place)).body.code).toBe('upload.not_found')
    }
    expect((await tus.look(acme, bare(location))).status).toBe(200)
  })

  test('costs nothing of the rate limit', async () => {
    const slow = await app.as('Повільна', ['prep'], { prep: 2 })
    const { id } = await build.course(slow)
    const mine = await tus.begin(slow, id)
    expect((await tus.create(slow, id)).status).toBe(429)
    for (const offset of [0, 1, 2, 3]) {
      const { status, headers } = await tus.patch(slow, mine, offset, 'x')
      expect([status, headers.get('ratelimit'), offsetOf({ headers })]).toEqual([204, null, offset + 1])
    }
    expect((await tus.look(slow, mine)).status).toBe(200)
    expect((await tus.delete(slow, mine)).status).toBe(204)
  })

  test('renews the time that is left, until there is none', async () => {
    await expireAt(location, Date.now() + HOUR)
    const { headers } = await tus.patch(acme, location, 0, 'x')
    expect(Date.parse(headers.get('upload-expires') ?? '') - Date.now()).toBeGreaterThan(23.9 * HOUR)
    await expireAt(location, Date.now() - 1_000)
    expect((await tus.look(acme, location)).status).toBe(404)
    expect((await tus.patch(acme, location, 1, 'x')).body.code).toBe('upload.expired')
  })

  test('waits for nobody who is silent, and takes no place from others for longer', async () => {
    const silent = tus.open(app.url + location, { offset: 0, length: 10 })
    silent.send('абв')
    const other = await tus.begin(acme, courseId)
    const busy = await until(
      () => tus.patch(acme, other, 0, ''),
      ({ status }) => status === 503,
    )
    expect([busy.body.code, Number(busy.headers.get('retry-after'))]).toEqual(['upload.busy', expect.any(Number)])
    expect(await silent.answer).toMatchObject({ status: 408, body: { code: 'request.timeout' } })
    expect((await tus.patch(acme, other, 0, 'x')).status).toBe(204)
  })
})

describe('what cannot become a material any more', () => {
  afterEach(() => setQuota(acme.tenantId, null))

  const half = async (metadata = {}) => {
    const { id } = await build.course(acme)
    const location = await tus.begin(acme, id, { metadata: { ...VIDEO, ...metadata } })
    await tus.patch(acme, location, 0, 'абв')
    return { id, location }
  }

  test.each<[string, Record<string, string>, (course: string) => Promise<unknown>, number, string]>([
    ['its course is gone', {}, (course) => acme.delete(`/courses/${course}`), 404, 'upload.not_found'],
    ['the quota was lowered', {}, () => setQuota(acme.tenantId, 1), 413, 'quota.exceeded'],
    [
      'its external id was taken',
      { external_id: 'lms-9' },
      (course) =>
        acme.request('POST', `/courses/${course}/materials?source_type=text&filename=a.md&external_id=lms-9`, {
          body: '# А',
          headers: { 'content-type': 'text/plain' },
        }),
      409,
      'material.external_id_taken',
    ],
  ])('because %s is refused at its end, and goes', async (_why, metadata, happen, status, code) => {
    const { id, location } = await half(metadata)
    await happen(id)
    const answer = await tus.patch(acme, location, 6, 'абвг'.slice(0, 2))
    expect([answer.status, answer.body.code]).toEqual([status, code])
    expect((await tus.look(acme, location)).status).toBe(404)
    const key = `${acme.tenantId}/${id}/${idOf(location)}`
    const discarded = await app.services.db.asOperator('look at discarded objects', (tx) =>
      tx.selectFrom('discarded_objects').select('object_key').where('object_key', '=', key).execute(),
    )
    expect(discarded).toHaveLength(1)
  })
})

describe('the address of an upload', () => {
  const ORIGIN = 'https://lms.example'
  const THEIRS = 'https://evil.example'
  const page = (origin: string) => ({ origin })
  let location: string
  beforeEach(async () => {
    location = await tus.begin(acme, courseId, { metadata: { ...VIDEO, origin: ORIGIN } })
  })

  const corsOf = ({ headers }: { headers: Headers }) => headers.get('access-control-allow-origin')

  test('is enough for its page to go on, and for nothing else', async () => {
    const stranger = createClient(app.url)
    const sent = await tus.patch(stranger, location, 0, 'абв', page(ORIGIN))
    expect([sent.status, corsOf(sent)]).toEqual([204, ORIGIN])
    expect(sent.headers.get('access-control-expose-headers')).toMatch(/Location.*Tus-Resumable.*Upload-Offset/)
    const seen = await tus.look(stranger, location, page(ORIGIN))
    expect([seen.status, offsetOf(seen), corsOf(seen)]).toEqual([200, 6, ORIGIN])
    const foreign = await tus.look(stranger, location, page(THEIRS))
    expect([foreign.status, corsOf(foreign), foreign.headers.get('vary')]).toEqual([200, null, 'Origin'])
    expect((await tus.delete(stranger, location)).body.code).toBe('auth.key_missing')
    expect((await tus.create(stranger, courseId)).body.code).toBe('auth.key_missing')
    expect((await stranger.get(`/courses/${courseId}?token=${location.split('=')[1]}`)).body.code).toBe(
      'auth.key_missing',
    )
  })

  test('lets its page see why it was refused', async () => {
    const { status, body, headers } = await tus.patch(createClient(app.url), location, 5, 'x', page(ORIGIN))
    expect([status, body.code, corsOf({ headers })]).toEqual([409, 'upload.offset_mismatch', ORIGIN])
  })

  test('is worth nothing once its tenant is not served', async () => {
    const former = await app.as('Колишня', ['prep'])
    const { id } = await build.course(former)
    const theirs = await tus.begin(former, id)
    await createTenants({ db: app.services.db }).setActive('Колишня', false)
    const { status, body } = await tus.patch(createClient(app.url), theirs, 0, 'x')
    expect([status, body.code]).toEqual([401, 'upload.token_invalid'])
  })

  test('tells a browser beforehand, without a key', async () => {
    const ask = (origin: string, place = location) =>
      app.anonymous.request('OPTIONS', `/${place}`, {
        headers: {
          origin,
          'access-control-request-method': 'PATCH',
          'access-control-request-headers': 'content-type,tus-resumable,upload-offset',
        },
      })
    const { status, headers } = await ask(ORIGIN)
    expect([status, Object.fromEntries(headers)]).toMatchObject([
      204,
      {
        'access-control-allow-origin': ORIGIN,
        'access-control-allow-methods': 'HEAD, PATCH',
        'access-control-allow-headers': 'content-type,tus-resumable,upload-offset',
      },
    ])
    expect(corsOf(await ask(THEIRS))).toBeNull()
    expect(corsOf(await ask(ORIGIN, bare(location)))).toBeNull()
    expect(corsOf(await ask(ORIGIN, await tus.begin(acme, courseId)))).toBeNull()
  })

  test('with a token that is not its own is no more than without', async () => {
    const another = (await tus.begin(acme, courseId)).split('=')[1] ?? ''
    const tokens = createTokens<Capability>(app.services.secret, 'upload')
    const said = { upload: idOf(location), tenant: acme.tenantId, origin: ORIGIN }
    const soon = new Date(Date.now() + HOUR)
    const expired = tokens.sign({ ...said, until: Date.now() - 1 }, soon)
    const otherwise = createTokens<Capability>(app.services.secret, 'reading').sign(
      { ...said, until: soon.getTime() },
      soon,
    )
    const right = location.split('=')[1] ?? ''
    for (const [token, code, origin] of [
      [another, 'upload.token_invalid', null],
      [otherwise, 'upload.token_invalid', null],
      [right.slice(0, -2), 'upload.token_invalid', null],
      [`${right}&token=${right}`, 'upload.token_invalid', null],
      [expired, 'upload.token_expired', ORIGIN],
      ['', 'auth.key_missing', null],
    ]) {
      const place = `${bare(location)}?token=${token}`
      const { status, headers, body } = await tus.patch(createClient(app.url), place, 0, 'x', page(ORIGIN))
      expect([token, status, body.code, corsOf({ headers })]).toEqual([token, 401, code, origin])
    }
    // With a key nobody looks at the token.
    expect((await tus.look(acme, `${bare(location)}?token=${expired}`)).status).toBe(200)
  })
})
