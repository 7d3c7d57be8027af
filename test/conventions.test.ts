import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { newId } from '#platform/ids/index.ts'
import { startApp, type TestApp } from '#test/app.ts'
import { build } from '#test/build.ts'
import { createClient, type RequestOptions } from '#test/client.ts'

let app: TestApp
let acme: Awaited<ReturnType<TestApp['as']>>
let courseId: string
const keys: Record<string, string> = {}

beforeAll(async () => {
  app = await startApp({ corsOrigins: ['https://lms.example'] })
  acme = await app.as('Академія')
  courseId = (await build.course(acme)).id
  keys['good'] = acme.key
  keys['check'] = (await app.as('Академія', ['check'])).key
  const poor = await app.as('Ощадний', ['prep'], { prep: 1 })
  await poor.get(`/courses/${courseId}`)
  keys['exhausted'] = poor.key
})
afterAll(() => app.close())

describe('of several faults the first in order is told', () => {
  const json = { 'content-type': 'application/json' }
  const csv = { 'content-type': 'text/csv' }
  const long = { body: JSON.stringify({ title: 'x'.repeat(2 ** 20) }), headers: json }
  const broken = { body: '{"mappings"', headers: json }
  const unknown = { body: '{"unknown":1}', headers: json }
  const valid = { json: { mappings: [{ slide_number: 1, video_timecode: '00:15' }] } }
  const [malformed, foreign] = ['not-an-id', newId()]
  const at = (id: string) => `/courses/${id}/slide-mapping`

  test.each<[string, string | undefined, string, string, RequestOptions, number, string]>([
    ['an unknown address', undefined, 'POST', `/cursus/${malformed}`, broken, 404, 'route.not_found'],
    ['a wrong method', undefined, 'PUT', at(malformed), broken, 405, 'route.method_not_allowed'],
    ['no key', undefined, 'POST', at(malformed), broken, 401, 'auth.key_missing'],
    ['no scope', 'check', 'POST', at(malformed), broken, 403, 'auth.scope_missing'],
    ['no requests left', 'exhausted', 'POST', at(malformed), broken, 429, 'rate_limit.exceeded'],
    ['a body too long', 'good', 'POST', at(malformed), long, 413, 'request.too_large'],
    [
      'a body of another type',
      'good',
      'POST',
      at(malformed),
      { body: 'a,b', headers: csv },
      415,
      'request.unsupported_type',
    ],
    ['a broken body', 'good', 'POST', at(malformed), broken, 400, 'request.malformed_json'],
    ['a malformed id', 'good', 'POST', at(malformed), unknown, 422, 'request.invalid'],
    ['an unknown field', 'good', 'POST', at(foreign), unknown, 422, 'request.invalid'],
    ['what does not exist', 'good', 'POST', at(foreign), valid, 404, 'course.not_found'],
  ])('%s', async (_what, key, method, path, options, status, code) => {
    const { body, headers } = await createClient(app.url, key && keys[key]).request(method, path, options)
    expect([body.status, body.code]).toEqual([status, code])
    expect(headers.get('content-type')).toMatch(/^application\/problem\+json/)
    expect(body).toMatchObject({ type: `urn:problem:${code}`, title: expect.any(String), detail: expect.any(String) })
    expect(body.request_id).toBe(headers.get('x-request-id'))
    expect('errors' in body).toBe(status === 422)
  })
})

describe('a request id', () => {
  test.each(['lms-42', '0197f0c4-5d2e-7cc1-9d39-3a1f6a3c9e10', 'a.b:c_d-9', 'x'.repeat(128)])(
    'that is sane comes back: %s',
    async (id) => {
      const { headers, body } = await app.anonymous.get('/me', { 'x-request-id': id })
      expect([headers.get('x-request-id'), body.request_id]).toEqual([id, id])
    },
  )

  test.each(['', 'x'.repeat(129), 'a b', '<script>', '{"a":1}', 'é'])('that is not is replaced: %j', async (id) => {
    const { headers } = await acme.get('/me', { 'x-request-id': id })
    expect(headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/)
  })
})

describe('every answer carries the security headers', () => {
  test.each([
    ['GET', '//health', 200],
    ['GET', '//health/live', 200],
    ['GET', '//openapi.json', 200],
    ['GET', '//docs/', 200],
    ['GET', '//docs/static/swagger-ui-bundle.js', 200],
    ['GET', '//docs/nowhere', 404],
    ['GET', '/me', 200],
    ['DELETE', `/courses/${newId()}`, 404],
    ['GET', '//', 200],
    ['GET', '//nowhere', 404],
    ['POST', '/courses', 422],
  ])('%s %s', async (method, path, status) => {
    const { status: answered, headers } = await acme.request(method, path)
    expect(answered).toBe(status)
    expect(Object.fromEntries(headers)).toMatchObject({
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
      'referrer-policy': 'no-referrer',
      'content-security-policy': expect.stringContaining(
        path.startsWith('//docs/') && status === 200 ? "'self'" : "default-src 'none'",
      ),
      'strict-transport-security': expect.stringContaining('max-age='),
      'cache-control': expect.stringMatching(/no-store|max-age/),
      'x-request-id': expect.any(String),
    })
    expect(headers.get('server') ?? headers.get('x-powered-by')).toBeNull()
  })

  test('and so does an answer without a body', async () => {
    const { id } = await build.course(acme)
    const { status, headers, body } = await acme.delete(`/courses/${id}`)
    expect([status, body, headers.get('x-content-type-options'), headers.get('content-type')]).toEqual([
      204,
      null,
      'nosniff',
      null,
    ])
  })
})

describe('U+0000 and lone surrogates are refused', () => {
  test.each([
    ['GET', '/courses?external_id=%00', undefined, 'external_id'],
    ['GET', '/courses?cursor=a%00', undefined, 'cursor'],
    ['GET', '/students/a%00b/progress', undefined, 'studentId'],
    ['POST', '/courses', { title: 'Курс', description: 'a\u0000' }, 'description'],
    ['POST', '/courses', { title: '\ud83e' }, 'title'],
    ['PATCH', `/courses/${newId()}`, { learning_goal: '\u0000' }, 'learning_goal'],
    [
      'PUT',
      `/courses/${newId()}/structure`,
      { modules: [{ title: 'a', lessons: [{ title: 'b\u0000' }] }] },
      'modules.0.lessons.0.title',
    ],
    ['POST', `/courses/${newId()}/materials?source_type=text&filename=a%00.md`, undefined, 'filename'],
  ])('%s %s', async (method, path, json, field) => {
    const { status, body } = await acme.request(method, path, json ? { json } : {})
    expect([status, body.errors?.[0].path]).toEqual([422, field])
  })
})

test('an id is the same in capitals', async () => {
  const { status, body } = await acme.get(`/courses/${courseId.toUpperCase()}`)
  expect([status, body.id]).toEqual([200, courseId])
})

test.each(['2026-06-30T23:59:60Z', '2026-02-30T00:00:00Z', '2026-06-30 10:00:00Z', '2026-06-30T10:00:00', 'yesterday'])(
  'the moment %s is none',
  async (from) => {
    expect((await acme.get(`/reports/cost?from=${encodeURIComponent(from)}`)).status).toBe(422)
  },
)

test('HEAD answers as GET does, without the body', async () => {
  const [get, headed] = [await acme.get(`/courses/${courseId}`), await acme.request('HEAD', `/courses/${courseId}`)]
  expect([headed.status, headed.body, headed.headers.get('etag')]).toEqual([200, null, get.headers.get('etag')])
})

test('an address of a thousand wrong fields is answered with its first fifty', async () => {
  const query = Array.from({ length: 1_000 }, (_, index) => `f${index}=1`).join('&')
  const { status, body } = await acme.get(`/courses?${query}`)
  expect([status, body.errors.length]).toEqual([422, 50])
})
