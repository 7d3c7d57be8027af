import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { readdir, readlink, truncate } from 'node:fs/promises'
import { get } from 'node:http'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { newId } from '#platform/ids/index.ts'
import { createTokens } from '#platform/tokens/index.ts'
import { startApp, type TestApp } from '#test/app.ts'
import { build, until } from '#test/build.ts'
import type { Answer } from '#test/client.ts'
import { startS3Server } from '#test/fakes/s3/server.ts'

const BYTES = randomBytes(300_000)
const SHA256 = createHash('sha256').update(BYTES).digest('hex')
const NAME = 'Лекція 1: “Вступ”; частина ½ 🎓.txt'

type Tenant = Awaited<ReturnType<TestApp['as']>>

let app: TestApp
let acme: Tenant
let course: string
let material: string

beforeAll(async () => {
  app = await startApp({ trustedProxies: ['127.0.0.1'] })
  acme = await app.as('Академія')
  course = (await build.course(acme)).id
  material = await upload(acme, course)
})
afterAll(() => app.close())

async function upload(client: Tenant, courseId: string, filename = NAME): Promise<string> {
  const query = new URLSearchParams({ source_type: 'text', filename })
  const answer = await client.request('POST', `/courses/${courseId}/materials?${query}`, {
    body: BYTES,
    headers: { 'content-type': 'text/html' },
  })
  expect(answer.status, JSON.stringify(answer.body)).toBe(201)
  return answer.body.id
}

const link = async (id = material): Promise<string> => (await acme.get(`/materials/${id}/content`)).body.url
const read = async (url: string, headers: Record<string, string> = {}, method = 'GET') => {
  const response = await fetch(url, { method, headers })
  return { status: response.status, headers: response.headers, bytes: Buffer.from(await response.arrayBuffer()) }
}
const codeOf = ({ status, bytes }: Awaited<ReturnType<typeof read>>) => [status, JSON.parse(bytes.toString()).code]
const told = ({ status, body }: Answer) => [status, body?.code]

describe('the address of a file', () => {
  test.each([
    [undefined, 900],
    [60, 60],
    [21_600, 21_600],
  ])('is good for as long as is asked for: %s s', async (seconds, expected) => {
    const began = Date.now()
    const query = seconds === undefined ? '' : `?expires_in=${seconds}`
    const { status, body } = await acme.get(`/materials/${material}/content${query}`)
    expect([status, Object.keys(body)]).toEqual([200, ['url', 'expires_at']])
    const left = Date.parse(body.expires_at) - expected * 1_000
    expect(left).toBeGreaterThanOrEqual(began)
    expect(left).toBeLessThanOrEqual(Date.now())
  })

  test.each(['59', '21601', '60.5', 'година', ''])('is not given for %j s', async (seconds) => {
    const { status, body } = await acme.get(`/materials/${material}/content?expires_in=${encodeURIComponent(seconds)}`)
    expect([status, body.errors?.[0].path]).toEqual([422, 'expires_in'])
  })

  test('is absolute, as a trusted proxy tells of us', async () => {
    const headers = { 'x-forwarded-proto': 'https', 'x-forwarded-host': 'api.school.example' }
    const { body } = await acme.get(`/materials/${material}/content`, headers)
    expect(body.url).toMatch(/^https:\/\/api\.school\.example\/api\/v1\/content\/[\w-]+$/)
    expect(await link()).toMatch(new RegExp(`^${app.url}/api/v1/content/[\\w-]+$`))
    expect(told(await acme.get(`/materials/${material}/content`, { 'x-forwarded-host': 'a b' }))).toEqual([
      400,
      'request.malformed',
    ])
  })

  test('is the tenant’s to ask for', async () => {
    const rival = await app.as('Суперник')
    for (const [client, id] of [
      [rival, material],
      [acme, newId()],
    ] as const)
      expect(told(await client.get(`/materials/${id}/content`))).toEqual([404, 'material.not_found'])
  })

  test('is not there where no file was sent', async () => {
    const page = { source_type: 'web', source_url: 'https://docs.python.org/uk/3/' }
    const { body } = await acme.post(`/courses/${course}/materials`, page)
    expect(told(await acme.get(`/materials/${body.id}/content`))).toEqual([409, 'material.no_content'])
  })
})

describe('the file', () => {
  test('is whole, and harmless in a browser', async () => {
    const { status, headers, bytes } = await read(await link())
    expect([status, bytes.equals(BYTES)]).toEqual([200, true])
    expect(Object.fromEntries(headers)).toMatchObject({
      'content-type': 'text/html',
      'content-length': String(BYTES.length),
      'accept-ranges': 'bytes',
      etag: `"${SHA256}"`,
      'cache-control': 'private, no-cache',
      'x-content-type-options': 'nosniff',
      'content-security-policy': expect.stringMatching(/(^|; )sandbox($|;)/),
      'cross-origin-resource-policy': 'cross-origin',
    })
    expect(headers.get('ratelimit')).toBeNull()
    const disposition = headers.get('content-disposition') ?? ''
    expect(disposition).toMatch(/^attachment; filename="[\x20-\x7e]*"; filename\*=UTF-8''/)
    expect(decodeURIComponent(disposition.split("UTF-8''")[1] ?? '')).toBe(NAME)
  })

  test.each<[Record<string, string>, number, [start: number, end: number] | undefined]>([
    [{ range: 'bytes=0-99' }, 206, [0, 100]],
    [{ range: 'bytes=299990-' }, 206, [299_990, 300_000]],
    [{ range: 'bytes=-5' }, 206, [299_995, 300_000]],
    [{ range: 'bytes=1-2,5-6' }, 200, [0, 300_000]],
    [{ range: 'bytes=5-9', 'if-range': `"${SHA256}"` }, 206, [5, 10]],
    [{ range: 'bytes=5-9', 'if-range': '"x"' }, 200, [0, 300_000]],
    [{ range: 'bytes=300000-' }, 416, undefined],
    [{ 'if-none-match': `"x", W/"${SHA256}"` }, 304, [0, 0]],
  ])('%j', async (wanted, status, slice) => {
    const answer = await read(await link(), wanted)
    expect([answer.status, answer.headers.get('etag')]).toEqual([status, `"${SHA256}"`])
    if (slice === undefined) {
      expect(codeOf(answer)).toEqual([416, 'content.range_unsatisfiable'])
      expect(answer.headers.get('content-range')).toBe('bytes */300000')
      return
    }
    const [start, end] = slice
    expect(answer.bytes.equals(BYTES.subarray(start, end))).toBe(true)
    const range = status === 206 ? `bytes ${start}-${end - 1}/300000` : null
    expect(answer.headers.get('content-range')).toBe(range)
    expect(answer.headers.get('content-length')).toBe(status === 304 ? null : String(end - start))
  })

  test('is described to HEAD, which knows no ranges', async () => {
    const [got, headed] = [await read(await link()), await read(await link(), { range: 'bytes=0-9' }, 'HEAD')]
    expect([headed.status, headed.bytes.length]).toEqual([200, 0])
    for (const name of ['content-length', 'content-type', 'etag', 'accept-ranges', 'content-disposition'])
      expect([name, headed.headers.get(name)]).toEqual([name, got.headers.get(name)])
  })

  test('is closed when its reader goes away', async () => {
    const id = await upload(acme, course)
    // Far more than a connection's buffers hold: whoever does not read on is waited for.
    await truncate(join(app.objectsFolder, acme.tenantId, course, id), 256 * 1024 * 1024)
    const isOpen = async () => {
      const files = await readdir('/proc/self/fd')
      const paths = await Promise.all(files.map((fd) => readlink(`/proc/self/fd/${fd}`).catch(() => '')))
      return paths.some((path) => path.endsWith(id))
    }
    const reading = get(await link(id), { agent: false })
    const [response] = await once(reading, 'response')
    await once(response, 'readable')
    reading.on('error', () => undefined)
    expect(await isOpen()).toBe(true)
    reading.destroy()
    expect(await until(isOpen, (open) => !open)).toBe(false)
  })

  test('ends with its object, and with its material', async () => {
    const { tenantId } = acme
    const id = await upload(acme, course)
    const url = await link(id)
    await app.services.objects.delete(`${tenantId}/${course}/${id}`)
    expect(codeOf(await read(url))).toEqual([404, 'material.content_missing'])
    expect(told(await acme.get(`/materials/${id}/content`))).toEqual([404, 'material.content_missing'])
    await acme.delete(`/materials/${id}`)
    expect(codeOf(await read(url))).toEqual([404, 'material.not_found'])
  })
})

test('only what we have signed opens, and only in its time', async () => {
  const url = await link()
  const token = url.split('/').at(-1) ?? ''
  const { secret } = app.services
  const permit = { tenantId: acme.tenantId, materialId: material }
  const signed = (purpose: string, ms: number) => createTokens(secret, purpose).sign(permit, new Date(Date.now() + ms))
  const at = (text: string) => read(url.replace(token, text))
  for (const bad of [
    `${token}A`,
    token.slice(0, -4),
    `${token.slice(0, 60)}${token[60] === 'A' ? 'B' : 'A'}${token.slice(61)}`,
    'x',
    signed('upload', 60_000),
    signed('material content', -1),
  ])
    expect(codeOf(await at(bad))).toEqual([403, 'content.link_invalid'])
  expect((await at(signed('material content', 60_000))).status).toBe(200)
})

test('with a bucket the address is the bucket’s own', async () => {
  const keys = { accessKey: 'test', secretKey: 'secret', bucket: 'materials', region: 'eu-central-003' }
  const s3 = await startS3Server(keys)
  const onS3 = await startApp({ objects: { kind: 's3', endpoint: s3.url, ...keys } })
  try {
    const client = await onS3.as('Академія')
    const id = await upload(client, (await build.course(client)).id)
    const { body } = await client.get(`/materials/${id}/content?expires_in=60`)
    expect([new URL(body.url).origin, new URL(body.url).searchParams.get('X-Amz-Expires')]).toEqual([s3.url, '60'])
    const { status, headers, bytes } = await read(body.url)
    expect([status, headers.get('content-type'), bytes.equals(BYTES)]).toEqual([200, 'text/html', true])
    expect(headers.get('content-disposition')).toContain(encodeURIComponent('Лекція'))
    await client.delete(`/materials/${id}`)
    expect(told(await client.get(`/materials/${id}/content`))).toEqual([404, 'material.not_found'])
  } finally {
    await onS3.close()
    await s3.close()
  }
})
