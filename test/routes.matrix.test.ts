import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { createTenants } from '#features/access/index.ts'
import type { Scope } from '#kernel/caller.ts'
import { newId } from '#platform/ids/index.ts'
import { createTokens } from '#platform/tokens/index.ts'
import { startApp } from '#test/app.ts'
import { type Answer, createClient } from '#test/client.ts'
import { startS3Server } from '#test/fakes/s3/server.ts'
import { parametersOf, pathOf, readOperations } from '#test/operations.ts'
import { exchange, head } from '#test/wire.ts'
import { type Ids, makeWorld, neverMade } from '#test/world.ts'

// Every route of the API, from its own inventory, and everyone who might knock. A new route is in here by being there.

// The limiters' clock stands still: what was used up stays used up, however long this takes.
vi.useFakeTimers({ toFake: ['performance'] })
const bucket = { accessKey: 'test', secretKey: 'secret', bucket: 'materials', region: 'eu-central-003' }
// Without one some routes have nothing to answer.
const s3 = await startS3Server(bucket)
const objects = { kind: 's3' as const, endpoint: s3.url, ...bucket }
const app = await startApp({ worker: true, trustedProxies: ['127.0.0.1'], objects })
const routes = app.running.inventory.entries().filter(({ url }) => !url.startsWith('/docs'))
const keyed = routes.filter(({ access }) => access !== 'public' && access !== 'unlimited')
const { operationOf, exampleFor, bodiesWith } = readOperations(app.running)

type Route = (typeof routes)[number]
type Options = { json?: unknown; query?: string; key?: string | undefined }

const keys = {} as Record<'ours' | 'rival' | 'expired' | 'revoked' | 'deactivated' | 'exhausted' | Scope, string>
let ours: Ids
let rivals: Ids

beforeAll(async () => {
  const tenants = createTenants({ db: app.services.db })
  const issue = async (tenant: string, scopes: Scope[], rates = {}) => {
    const { key, id } = await tenants.issueKey({ tenant, scopes, ratePrep: 50_000, rateCheck: 60_000, ...rates })
    return { key, id }
  }
  for (const name of ['Академія', 'Суперник', 'Колишній', 'Ощадний']) await tenants.create(name)
  for (const [name, tenant] of [
    ['ours', 'Академія'],
    ['rival', 'Суперник'],
    ['deactivated', 'Колишній'],
  ] as const)
    keys[name] = (await issue(tenant, ['prep', 'check'])).key
  for (const scope of ['prep', 'check'] as const) keys[scope] = (await issue('Академія', [scope])).key
  const revoked = await issue('Академія', ['prep', 'check'])
  keys.revoked = revoked.key
  await tenants.revokeKey({ id: revoked.id })
  await tenants.setActive('Колишній', false)
  const expiresAt = new Date(Date.now() + 86_400_000)
  const expired = await tenants.issueKey({ tenant: 'Академія', scopes: ['prep', 'check'], expiresAt })
  keys.expired = expired.key
  await app.services.db.asOperator('age a key', (tx) =>
    tx
      .updateTable('api_keys')
      .set({ expires_at: new Date(Date.now() - 1_000) })
      .where('id', '=', expired.id)
      .execute(),
  )
  keys.exhausted = (await issue('Ощадний', ['prep', 'check'], { ratePrep: 1, rateCheck: 1 })).key
  await Promise.all([
    ask(byUrl('/api/v1/courses/:courseId'), { key: keys.exhausted }),
    ask(byUrl('/api/v1/me'), { key: keys.exhausted }),
  ])
  ;[ours, rivals] = await Promise.all([
    makeWorld(createClient(app.url, keys.ours)),
    makeWorld(createClient(app.url, keys.rival)),
  ])
  const { tenantId } = await app.as('Академія')
  const permit = { tenantId, materialId: ours['materialId'] ?? '' }
  // What needs no key needs this.
  NOBODYS['token'] = createTokens(app.services.secret, 'material content').sign(permit, expiresIn(3_600))
})
afterAll(async () => {
  await app.close()
  await s3.close()
})

const byUrl = (url: string) => routes.find((route) => route.url === url && route.method === 'GET') as Route

const expiresIn = (seconds: number) => new Date(Date.now() + seconds * 1_000)

const NOBODYS: Ids = neverMade({
  courseId: newId(),
  materialId: newId(),
  directUploadId: newId(),
  lessonId: newId(),
  exerciseId: newId(),
  jobId: newId(),
  uploadId: newId(),
  submissionId: newId(),
  studentId: 's',
})

// Each request comes from an address of its own: refused keys are counted by address, and so are public requests.
let visitors = 0
function nextAddress(): string {
  visitors += 1
  return `10.0.${visitors >> 8}.${visitors & 255}`
}

/** Which refusals were met where: the document must know them. */
const met = new Map<string, { route: Route; status: number; code: string }>()

async function ask(
  route: Route,
  { key, json = exampleFor(route), query = '' }: Options,
  ids: Ids = NOBODYS,
): Promise<Answer> {
  const hasBody = ['POST', 'PUT', 'PATCH'].includes(route.method)
  const answer = await createClient(app.url, key).request(route.method, `/${pathOf(route, ids)}${query}`, {
    headers: { 'x-forwarded-for': nextAddress(), ...operationOf(route).headers },
    ...(hasBody ? { json } : {}),
  })
  const code = answer.body?.code
  if (answer.status >= 400 && code)
    met.set(`${route.method} ${route.url} ${code}`, { route, status: answer.status, code })
  return answer
}

const told = ({ status, body }: Answer) => [status, body?.code ?? null]

/** The same but for what belongs to the one request. */
const comparable = ({ status, headers, body }: Answer) => ({
  status,
  headers: [...headers.keys()].sort(),
  body: body && { ...body, request_id: null },
})

/** HEAD has no body to read a code from. */
const coded = (route: Route, status: number, code: string) => [status, route.method === 'HEAD' ? null : code]

const scopeFor = ({ access }: Route): Scope => (access === 'prep' ? 'prep' : 'check')

describe.each(keyed)('$method $url', (route) => {
  const parameters = parametersOf(route)

  test('opens to no bad key', async () => {
    const refusals = {
      [`cs_live_${'0'.repeat(32)}`]: 'invalid',
      nonsense: 'invalid',
      [keys.expired]: 'expired',
      [keys.revoked]: 'invalid',
      [keys.deactivated]: 'invalid',
    }
    for (const [key, reason] of Object.entries(refusals)) {
      const answer = await ask(route, { key }, ours)
      expect([key.slice(0, 12), ...told(answer)]).toEqual([
        key.slice(0, 12),
        ...coded(route, 401, `auth.key_${reason}`),
      ])
      expect(answer.headers.get('www-authenticate')).toMatch(/^ApiKey /)
    }
    expect(told(await ask(route, {}, ours))).toEqual(coded(route, 401, 'auth.key_missing'))
  })

  if (route.access !== 'any')
    test('opens to no key without its scope', async () => {
      const other = route.access === 'prep' ? 'check' : 'prep'
      expect(told(await ask(route, { key: keys[other] }, ours))).toEqual(coded(route, 403, 'auth.scope_missing'))
    })

  test('counts against the scope it says, and tells how much is left', async () => {
    const { status, headers } = await ask(route, { key: keys.ours })
    expect([401, 403, 429, 500]).not.toContain(status)
    if (!route.charged) return expect([headers.get('ratelimit-policy'), headers.get('ratelimit')]).toEqual([null, null])
    const scope = scopeFor(route)
    expect(headers.get('ratelimit-policy')).toBe(`"${scope}";q=${scope === 'prep' ? 50_000 : 60_000};w=60`)
    expect(headers.get('ratelimit')).toMatch(new RegExp(`^"${scope}";r=\\d{1,5};t=\\d{1,2}$`))
    if (route.access === 'any')
      expect((await ask(route, { key: keys.prep })).headers.get('ratelimit-policy')).toBe('"prep";q=50000;w=60')
  })

  test('stops at the limit', async () => {
    const answer = await ask(route, { key: keys.exhausted })
    if (!route.charged) return expect(answer.status).toBe(404)
    expect(told(answer)).toEqual(coded(route, 429, 'rate_limit.exceeded'))
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThanOrEqual(1)
    expect(answer.headers.get('ratelimit')).toMatch(new RegExp(`^"${scopeFor(route)}";r=0;t=\\d{1,2}$`))
  })

  if (['POST', 'PUT', 'PATCH'].includes(route.method))
    test('is refused without waiting for the body', async () => {
      const wrong = route.access === 'prep' ? keys.check : keys.prep
      const refusals: [string | undefined, number][] = [
        [undefined, 401],
        ...(route.access === 'any' ? [] : [[wrong, 403] satisfies [string, number]]),
        ...(route.charged ? [[keys.exhausted, 429] satisfies [string, number]] : []),
      ]
      for (const [key, status] of refusals) {
        const headers = {
          ...(key ? { 'x-api-key': key } : {}),
          'content-type': 'application/json',
          'content-length': 50_000_000,
        }
        const answer = await exchange(app.url, head(route.method, pathOf(route, ours), headers))
        expect([answer.status, answer.headers['connection']]).toEqual([status, 'close'])
      }
    })

  test.each(parameters)('takes no malformed :%s', async (name) => {
    const { schema } = operationOf(route).parameters.find((parameter) => parameter.name === name) ?? {}
    const id = newId()
    const wrong =
      schema?.format === 'uuid'
        ? ['1', 'x', `${id}0`, `urn:uuid:${id}`, `{${id}}`, ` ${id}`, id.slice(1), 'ї', '\u0000', '../me']
        : [' ', 'x'.repeat(201), 'a\u0000']
    for (const text of wrong) {
      const answer = await ask(route, { key: keys.ours }, { ...ours, [name]: text })
      expect([text, ...told(answer)]).toEqual([text, ...coded(route, 422, 'request.invalid')])
      if (route.method !== 'HEAD') expect(answer.body.errors[0].path).toBe(name)
    }
  })

  if (parameters.length > 0)
    test('knows nothing of what is another’s', async () => {
      const nobodys = neverMade(ours)
      // Each parameter alone, the others being our own, and all of them.
      for (const names of [...parameters.map((name) => [name]), parameters]) {
        const withIds = (from: Ids) => ({
          ...ours,
          ...Object.fromEntries(names.map((name) => [name, from[name] ?? ''])),
        })
        const [foreign, unknown] = [
          await ask(route, { key: keys.ours }, withIds(rivals)),
          await ask(route, { key: keys.ours }, withIds(nobodys)),
        ]
        expect(comparable(foreign)).toEqual(comparable(unknown))
        expect(foreign.status).toBe(404)
        // And it is there, for whom it belongs to: else the comparison would say nothing.
        if (route.method === 'GET') expect((await ask(route, { key: keys.rival }, rivals)).status).toBe(200)
      }
    })

  test('keeps apart what ids in its body and query name', async () => {
    const { body, parameters: all } = operationOf(route)
    const places = (id: string): Options[] => [
      ...(body ? bodiesWith(id, body).map((json) => ({ json })) : []),
      ...all
        .filter((parameter) => parameter.in === 'query' && parameter.schema.format === 'uuid')
        .map(({ name }) => ({ query: `?${name}=${id}` })),
    ]
    const unknown = places(newId())
    for (const id of Object.values(rivals).filter((text) => text.length === 36)) {
      for (const [index, place] of places(id).entries()) {
        const [foreign, never] = [
          await ask(route, { key: keys.ours, ...place }, ours),
          await ask(route, { key: keys.ours, ...unknown[index] }, ours),
        ]
        expect(comparable(foreign)).toEqual(comparable(never))
        expect(foreign.status, JSON.stringify(place)).not.toBe(201)
      }
    }
  })
})

describe.each([...new Set(routes.map(({ url }) => url))])('%s', (url) => {
  test('answers no other method, and says which it takes', async () => {
    const taken = routes.filter((route) => route.url === url).map(({ method }) => method)
    for (const method of ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'].filter(
      (name) => !taken.includes(name),
    )) {
      const answer = await createClient(app.url).request(method, `/${pathOf({ url }, NOBODYS)}`)
      expect([method, answer.status, answer.headers.get('allow')]).toEqual([method, 405, taken.sort().join(', ')])
      if (method !== 'HEAD') expect(answer.body.code).toBe('route.method_not_allowed')
    }
  })
})

describe.each(routes.filter((route) => !keyed.includes(route)))('$method $url', (route) => {
  test('needs no key and says what is left, if it is limited at all', async () => {
    const { status, headers } = await ask(route, {})
    expect(status).toBe(route.method === 'OPTIONS' ? 204 : 200)
    expect(headers.get('ratelimit-policy')).toBe(route.access === 'public' ? '"public";q=120;w=60' : null)
    expect(headers.get('ratelimit')).toBe(route.access === 'public' ? '"public";r=119;t=60' : null)
  })
})

test('refusals cost nothing', async () => {
  const prepOnly = await app.as('Бережливий', ['prep'])
  const both = await app.as('Бережливий')
  for (const route of keyed.filter(({ access }) => access === 'check')) await ask(route, { key: prepOnly.key })
  const left = async (path: string) => /r=(\d+)/.exec((await both.get(path)).headers.get('ratelimit') ?? '')?.[1]
  expect(await left('/me')).toBe('99999')
  expect(await left(`/courses/${newId()}`)).toBe('99999')
})

test('nothing of the rival’s was changed or lost', async () => {
  const rival = createClient(app.url, keys.rival)
  const { body } = await rival.get(`/courses/${rivals['courseId']}`)
  expect(body).toMatchObject({
    title: 'Python для початківців',
    source_materials: [{ id: rivals['materialId'] }],
    slide_mappings: [{ slide_number: 1 }],
  })
  expect(body.modules[0].lessons[0]).toMatchObject({
    id: rivals['lessonId'],
    exercises: [{ id: rivals['exerciseId'], reference_solution: 'Імʼя для значення.' }, { kind: 'choice' }],
  })
  expect(body.structure.version).toBe(2)
})

test('the document knows every refusal that was met', () => {
  for (const route of routes) expect(operationOf(route).codes(500)).toEqual(['internal'])
  const missing = [...met.values()].filter(
    ({ route, status, code }) => !operationOf(route).codes(status)?.includes(code),
  )
  expect(missing.map(({ route, status, code }) => `${route.method} ${route.url}: ${status} ${code}`)).toEqual([])
})
