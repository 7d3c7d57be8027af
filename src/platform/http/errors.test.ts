import { Type } from 'typebox'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Failure } from '#kernel/failure.ts'
import { startBareServer } from '#test/bare-server.ts'
import { exchange, head, openWire } from '#test/wire.ts'
import { Input, Text } from './schemas.ts'

const SECRET = 'пароль-до-всього'
const ORIGIN = 'https://lms.example'

let server: Awaited<ReturnType<typeof startBareServer>>

beforeAll(async () => {
  server = await startBareServer(
    (api) => {
      const schema = { response: { 200: Type.Object({ title: Type.String() }) } }
      const config = { access: 'prep' as const }
      api.get('/fails', { schema, config }, async () => {
        throw Object.assign(new Error(`SELECT ${SECRET}`), { statusCode: 418, detail: SECRET })
      })
      api.get('/throws-text', { schema, config }, async () => Promise.reject(SECRET))
      api.get('/answers-wrongly', { schema, config }, async () => ({ [SECRET]: 1 }) as never)
      api.get('/limited', { schema, config }, async () => {
        throw new Failure('limited', 'queue.full', 'Full.', { retryAfter: 7, cause: new Error(SECRET) })
      })
      api.post('/echo', { schema: { ...schema, body: Input({ title: Text(5) }) }, config }, async ({ body }) => body)
      api.delete('/thing', { schema, config }, async () => ({ title: 'gone' }))
      api.get('/named/:name', { schema, config }, async ({ params }) => ({
        title: (params as { name: string }).name.slice(0, 9),
      }))
    },
    { corsOrigins: [ORIGIN] },
  )
})
afterAll(() => server.close())

const json = { 'content-type': 'application/json' }
const post = (body: string | Uint8Array<ArrayBuffer>, headers: Record<string, string> = json) =>
  fetch(`${server.url}/echo`, { method: 'POST', headers, body })

describe('a defect of ours', () => {
  test.each(['/fails', '/throws-text', '/answers-wrongly'])(
    '%s leaves as a bare 500 that tells nothing',
    async (path) => {
      const response = await fetch(server.url + path, { headers: { origin: ORIGIN } })
      const text = await response.text()
      expect(response.status).toBe(500)
      expect(response.headers.get('content-type')).toMatch(/^application\/problem\+json/)
      expect(response.headers.get('x-content-type-options')).toBe('nosniff')
      expect(response.headers.get('access-control-allow-origin')).toBe(ORIGIN)
      expect(response.headers.get('access-control-expose-headers')).toContain('X-Request-Id')
      expect(JSON.parse(text)).toEqual({
        type: 'urn:problem:internal',
        title: 'Internal Server Error',
        status: 500,
        detail: 'Something went wrong on our side. Quote the request_id when you report it.',
        code: 'internal',
        request_id: response.headers.get('x-request-id'),
      })
      expect(text).not.toContain(SECRET)
    },
  )

  test('is in the log, under the id that the client got', async () => {
    const { headers } = await fetch(`${server.url}/fails`)
    const lines = server.logged.map((line) => JSON.parse(line))
    const told = lines.filter(({ request_id: id }) => id === headers.get('x-request-id'))
    expect(told.map(({ level, msg }) => `${level} ${msg}`)).toEqual(['error unexpected error', 'error request'])
    expect(told[0].err.message).toContain(SECRET)
    expect(told[0].err.detail).toBeUndefined()
    expect(told[1]).toMatchObject({ route: '/fails', status: 500, tenant_id: expect.any(String) })
  })
})

test('a refusal shows its own words and never its cause', async () => {
  const response = await fetch(`${server.url}/limited`, { headers: { origin: ORIGIN } })
  expect(response.status).toBe(429)
  expect(response.headers.get('retry-after')).toBe('7')
  expect(response.headers.get('access-control-allow-origin')).toBe(ORIGIN)
  expect(await response.text()).not.toContain(SECRET)
})

describe('a body', () => {
  const deep = `{"title":${'['.repeat(100_000)}${']'.repeat(100_000)}}`
  test.each([
    ['that is no JSON', '{"title":', json, 400, 'request.malformed_json'],
    ['that sets a prototype', '{"title":"a","__proto__":{}}', json, 400, 'request.malformed_json'],
    ['that sets a prototype twice', '{"__proto__":1,"__proto__":2}', json, 400, 'request.malformed_json'],
    ['that hides the prototype', '{"\\u005f_proto__":{}}', json, 400, 'request.malformed_json'],
    ['that sets a constructor', '{"constructor":{"prototype":{}}}', json, 400, 'request.malformed_json'],
    ['in CP1251', new Uint8Array([123, 34, 116, 34, 58, 34, 0xcf, 34, 125]), json, 400, 'request.malformed_json'],
    [
      'of another type',
      'title=a',
      { 'content-type': 'application/x-www-form-urlencoded' },
      415,
      'request.unsupported_type',
    ],
    ['of no sane type', '{}', { 'content-type': 'json' }, 415, 'request.unsupported_type'],
    [
      'that is packed',
      '{}',
      { 'content-type': 'application/json', 'content-encoding': 'gzip' },
      415,
      'request.unsupported_type',
    ],
    ['of plain text', 'hello', { 'content-type': 'text/plain' }, 415, 'request.unsupported_type'],
    ['over the limit', `{"title":"${'x'.repeat(1024 * 1024)}"}`, json, 413, 'request.too_large'],
    ['that is empty', '', json, 422, 'request.invalid'],
    ['that is null', 'null', json, 422, 'request.invalid'],
    ['that is a list', '[]', json, 422, 'request.invalid'],
    ['with U+0000 in a name', '{"ti\\u0000tle":"a"}', json, 422, 'request.invalid'],
    ['nested without end', deep, json, 422, 'request.invalid'],
    [
      'with sixty thousand wrong fields',
      `{${Array.from({ length: 60_000 }, (_, i) => `"f${i}":1`)}}`,
      json,
      422,
      'request.invalid',
    ],
  ])('%s is refused', async (_what, body, headers, status, code) => {
    const response = await post(body, headers)
    expect(response.status).toBe(status)
    expect(response.headers.get('content-type')).toMatch(/^application\/problem\+json/)
    expect(await response.json()).toMatchObject({ status, code, request_id: response.headers.get('x-request-id') })
  })

  test('with a byte order mark is read, in any language', async () => {
    expect(await (await post('\ufeff{"title":"Їжак"}')).json()).toEqual({ title: 'Їжак' })
  })

  test('that lies about its length is refused', async () => {
    const wire = await openWire(server.url)
    wire.send(`${head('POST', '/echo', { ...json, 'transfer-encoding': 'chunked' })}zz\r\n`)
    expect(await wire.answer()).toMatchObject({ status: 400 })
    await wire.ended()
  })

  test('where none is asked for may be empty, and else is an unknown field', async () => {
    const send = (body?: string) =>
      fetch(`${server.url}/thing`, { method: 'DELETE', headers: json, ...(body ? { body } : {}) })
    expect((await send()).status).toBe(200)
    expect((await send('{}')).status).toBe(200)
    expect(await (await send('{"force":true}')).json()).toMatchObject({
      status: 422,
      errors: [{ path: 'force', message: 'is not a known field' }],
    })
    expect((await send('[1]')).status).toBe(422)
  })
})

test('lists at most fifty of the wrong fields, and of a body with very many values only the first', async () => {
  const errorsOf = async (count: number) => {
    const fields = Array.from({ length: count }, (_, index) => `"f${index}":1`)
    return ((await (await post(`{${fields}}`)).json()) as { errors: unknown[] }).errors
  }
  expect(await errorsOf(200)).toHaveLength(50)
  expect(await errorsOf(60_000)).toHaveLength(1)
})

describe('before there is a request', () => {
  test.each([
    [
      'a header line without end',
      head('GET', '/fails', { 'x-long': 'x'.repeat(20_000) }),
      431,
      'request.headers_too_large',
    ],
    ['an address without end', head('GET', `/named/${'x'.repeat(20_000)}`), 431, 'request.headers_too_large'],
    ['what is not HTTP', 'HELO mail.example\r\n\r\n', 400, 'request.malformed'],
    ['a method that is none', head('BREW', '/fails'), 400, 'request.malformed'],
    ['a header that hides another', head('GET', '/fails', { 'x bad': '1' }), 400, 'request.malformed'],
    [
      'two lengths',
      `${head('POST', '/echo', { 'content-length': 2, 'Content-Length': 3 })}{}`,
      400,
      'request.malformed',
    ],
    [
      'a length and chunks',
      `${head('POST', '/echo', { 'content-length': 2, 'transfer-encoding': 'chunked' })}`,
      400,
      'request.malformed',
    ],
    ['no Host', 'GET /fails HTTP/1.1\r\n\r\n', 400, 'request.malformed'],
  ])('%s gets a problem document', async (_what, bytes, status, code) => {
    const answer = await exchange(server.url, bytes)
    expect(answer.status).toBe(status)
    expect(answer.headers).toMatchObject({
      'content-type': expect.stringMatching(/^application\/problem\+json/),
      'x-content-type-options': 'nosniff',
      'cache-control': 'no-store',
    })
    const problem = JSON.parse(answer.body)
    expect(problem).toMatchObject({ type: `urn:problem:${code}`, status, code })
    expect(problem.request_id).toBe(answer.headers['x-request-id'])
    expect(server.logged.some((line) => line.includes(problem.request_id) && JSON.parse(line).status === status)).toBe(
      true,
    )
  })

  test('half a header, and then silence, is not waited for', async () => {
    const hasty = await startBareServer(() => undefined, { deadlines: { headers: 100 } })
    const answer = await exchange(hasty.url, 'GET /openapi.json HTTP/1.1\r\nHost: a\r\n')
    expect([answer.status, JSON.parse(answer.body).code]).toEqual([408, 'request.timeout'])
    await hasty.close()
  })

  test.each(['/named/%zz', '/named/%', '/named/%ff', '/named/%e0%a4%a', '/nowhere/%c3%28', '/fails?name=%d0'])(
    'the address %s cannot be read',
    async (path) => {
      const answer = await exchange(server.url, head('GET', path, { origin: ORIGIN }))
      expect(answer.status).toBe(400)
      expect(JSON.parse(answer.body).code).toBe('request.malformed')
      expect(answer.headers).toMatchObject({ 'x-frame-options': 'DENY', 'access-control-allow-origin': ORIGIN })
    },
  )

  test('a path parameter of 5000 characters is an ordinary one', async () => {
    const path = `/named/${encodeURIComponent('їжак')}${'x'.repeat(5_000)}`
    const { status, body } = await exchange(server.url, head('GET', path))
    expect([status, body]).toEqual([200, '{"title":"їжакxxxxx"}'])
  })
})

describe('an unknown address', () => {
  test.each([
    ['with broken JSON', '/nowhere', { ...json, 'content-length': '1' }, '{'],
    ['with a body of no known type', '/nowhere', { 'content-type': 'text/csv', 'content-length': '1' }, 'a'],
    ['with a body beyond the limit', '/nowhere', { ...json, 'content-length': '99999999' }, ''],
    ['that wants to be upgraded', '/nowhere', { connection: 'upgrade', upgrade: 'websocket' }, ''],
    ['that expects what nobody knows', '/nowhere', { expect: 'coffee' }, ''],
    ['with a slash too many', '/fails/', {}, ''],
  ])('%s is a 404 first of all', async (_what, path, headers, body) => {
    const answer = await exchange(server.url, head('POST', path, headers as Record<string, string>) + body)
    expect(answer.status).toBe(404)
    expect(JSON.parse(answer.body)).toMatchObject({ code: 'route.not_found', status: 404 })
  })

  test.each([
    ['DELETE', '/echo', 'POST'],
    ['POST', '/fails', 'GET, HEAD'],
    ['PUT', '/named/x%2Fy', 'GET, HEAD'],
    ['OPTIONS', '/thing', 'DELETE'],
    ['POST', '/openapi.json?x=1', 'GET, HEAD'],
  ])('%s %s is a wrong method', async (method, path, allow) => {
    const answer = await exchange(server.url, head(method, path, { ...json, 'content-length': 99_999_999 }))
    expect(answer.status).toBe(405)
    expect(answer.headers['allow']).toBe(allow)
    expect(JSON.parse(answer.body).code).toBe('route.method_not_allowed')
  })
})
