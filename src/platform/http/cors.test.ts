import { Type } from 'typebox'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startBareServer } from '#test/bare-server.ts'
import { rateLimited } from './refusals.ts'

const OURS = 'https://lms.example'
const THEIRS = 'https://evil.example'
const THIRD = 'https://page.example'

type Server = Awaited<ReturnType<typeof startBareServer>>
let closed: Server
let open: Server

beforeAll(async () => {
  const addRoutes = (api: Server['api']) => {
    const schema = { response: { 200: Type.Object({}) } }
    const config = { access: 'prep' as const }
    api.get('/courses', { schema, config }, async () => ({}))
    api.post('/courses', { schema, config }, async () => ({}))
    api.get('/limited', { schema, config }, async () => Promise.reject(rateLimited()))
    const cors = { originOf: () => THIRD, methods: ['PATCH'], exposes: ['X-Own'] }
    api.route({
      method: ['GET', 'OPTIONS'],
      url: '/own',
      schema,
      config: { ...config, cors },
      handler: async () => ({}),
    })
    api.get('/fails', { schema, config }, async () => Promise.reject(new Error('x')))
  }
  closed = await startBareServer(addRoutes)
  open = await startBareServer(addRoutes, { corsOrigins: [OURS, 'http://localhost:3000'] })
})
afterAll(() => Promise.all([closed.close(), open.close()]))

const allowed = (response: Response) =>
  [...response.headers.keys()].filter((name) => name.startsWith('access-control-'))

const preflight = (server: Server, path: string, origin: string) =>
  fetch(server.url + path, {
    method: 'OPTIONS',
    headers: {
      origin,
      'access-control-request-method': 'POST',
      'access-control-request-headers': 'x-api-key,idempotency-key',
    },
  })

describe('by default', () => {
  test('nothing is open to a page', async () => {
    expect(allowed(await fetch(`${closed.url}/courses`, { headers: { origin: OURS } }))).toEqual([])
    const asked = await preflight(closed, '/courses', OURS)
    expect([asked.status, allowed(asked)]).toEqual([405, []])
  })
})

describe('with named origins', () => {
  test.each([
    ['/courses', 200],
    ['/nowhere', 404],
    ['/limited', 429],
    ['/fails', 500],
  ])('%s may be read by them (%i) and by nobody else', async (path, status) => {
    const response = await fetch(open.url + path, { headers: { origin: OURS } })
    expect(response.status).toBe(status)
    expect(response.headers.get('access-control-allow-origin')).toBe(OURS)
    expect(response.headers.get('access-control-allow-credentials')).toBeNull()
    expect(response.headers.get('vary')).toBe('Origin')
    const other = await fetch(open.url + path, { headers: { origin: THEIRS } })
    expect([other.status, allowed(other), other.headers.get('vary')]).toEqual([status, [], 'Origin'])
  })

  test('a preflight of theirs needs no key and tells what the address takes', async () => {
    const response = await preflight(open, '/courses', OURS)
    expect(response.status).toBe(204)
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'access-control-allow-origin': OURS,
      'access-control-allow-methods': 'GET, HEAD, POST',
      'access-control-allow-headers': 'x-api-key,idempotency-key',
      vary: 'Origin, Access-Control-Request-Headers',
    })
  })

  test('a stranger’s preflight is a wrong method, one for an unknown address a 404', async () => {
    const strange = await preflight(open, '/courses', THEIRS)
    expect([strange.status, allowed(strange), strange.headers.get('allow')]).toEqual([405, [], 'GET, HEAD, POST'])
    expect((await preflight(open, '/nowhere', OURS)).status).toBe(404)
  })

  test('an unknown address stays unknown', async () => {
    expect((await fetch(`${open.url}/nowhere`, { method: 'POST' })).status).toBe(404)
  })
})

describe('an address that proves an origin of its own', () => {
  test('is open to that and to no other, whatever else is named', async () => {
    for (const server of [closed, open]) {
      const response = await fetch(`${server.url}/own`, { headers: { origin: THIRD } })
      expect(response.headers.get('access-control-allow-origin')).toBe(THIRD)
      expect(response.headers.get('access-control-expose-headers')).toMatch(/^X-Request-Id, .*, X-Own$/)
      expect(allowed(await fetch(`${server.url}/courses`, { headers: { origin: THIRD } }))).toEqual([])
      for (const origin of [OURS, THEIRS]) {
        const refused = await fetch(`${server.url}/own`, { headers: { origin } })
        expect([allowed(refused), refused.headers.get('vary')]).toEqual([[], 'Origin'])
      }
    }
  })

  test('tells its page which methods it may use', async () => {
    const { status, headers } = await preflight(closed, '/own', THIRD)
    expect([status, headers.get('access-control-allow-methods')]).toEqual([204, 'PATCH'])
    expect(allowed(await preflight(closed, '/own', THEIRS))).toEqual([])
  })
})
