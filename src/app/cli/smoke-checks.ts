import { randomBytes } from 'node:crypto'
import { SCOPES, type Scope } from '#kernel/caller.ts'
import type { SmokeClient, SmokeRequest } from './smoke-client.ts'
import { COURSES, createSmokeCourse } from './smoke-course.ts'
import {
  expectRateLimit,
  expectSecurityHeaders,
  expectStatus,
  fieldOf,
  SmokeFailure,
  textField,
} from './smoke-expect.ts'

export type SmokeRow = { what: string; result: 'ok' | 'failed' | 'not tried'; seconds: number; detail: string }

export type SmokeOptions = {
  /** Asks until `signal`; `askLast` still does afterwards, for what has to be tidied up. */
  ask: SmokeClient
  askLast: SmokeClient
  key: string
  /** What the key must hold; unset, whatever it does. */
  scopes: readonly Scope[] | undefined
  waitMs: number
  signal: AbortSignal
}

const ME = '/api/v1/me'
const NOBODY = '00000000-0000-7000-8000-000000000000'

// What only the other service's keys may ask, without a body and without an effect.
const OF_SCOPE: Record<Scope, string> = { prep: `${COURSES}/${NOBODY}`, check: '/api/v1/students/smoke-test/progress' }

/** Asks a running service everything that a good one answers. Leaves nothing behind, also when something fails or `signal` ends it. */
export async function smoke({ ask, askLast, key, scopes, waitMs, signal }: SmokeOptions): Promise<SmokeRow[]> {
  const rows: SmokeRow[] = []
  let held: readonly Scope[] = []

  /** Whether it held. Without `work` it is not tried, and the detail says why. */
  async function check(what: string, work: (() => Promise<string>) | string): Promise<boolean> {
    const began = performance.now()
    const row = (result: SmokeRow['result'], detail: string) => {
      rows.push({ what, result, seconds: Math.round(performance.now() - began) / 1_000, detail })
      return result === 'ok'
    }
    if (typeof work === 'string') return row('not tried', work)
    try {
      return row('ok', await work())
    } catch (error) {
      return row('failed', error instanceof Error ? error.message : String(error))
    }
  }

  const withKey =
    (asker: SmokeClient) =>
    (method: string, path: string, request: SmokeRequest = {}) =>
      asker(method, path, { ...request, key })
  const course = createSmokeCourse({ ask: withKey(ask), askWhole: withKey(askLast), waitMs, signal })

  await check('health: db, s3', () => health(ask))
  await check('documentation', () => documentation(ask))
  await check('security headers', () => securityHeaders(ask))
  await check('401 without a key', async () => {
    expectStatus(await ask('GET', ME), 401, 'auth.key_missing')
    return ''
  })
  await check('401 with an unknown key', async () => {
    const unknown = `cs_test_${randomBytes(16).toString('hex')}`
    expectStatus(await ask('GET', ME, { key: unknown }), 401, 'auth.key_invalid')
    return ''
  })
  const isKnown = await check('the key is accepted', async () => {
    held = await scopesOf(ask, key)
    const missing = scopes?.filter((scope) => !held.includes(scope)) ?? []
    if (missing.length > 0) throw new SmokeFailure(`the key lacks ${missing.join(' and ')}`)
    return held.join(', ')
  })
  const unaccepted = 'the key is not accepted'
  await check('rate-limit headers', isKnown ? async () => expectRateLimit(await ask('GET', ME, { key })) : unaccepted)
  await check('403 beyond the scope', isKnown ? forbidden(ask, key, held) : unaccepted)
  const without = !isKnown ? unaccepted : held.includes('prep') ? undefined : 'the key lacks prep'
  const isMade = await check('a course: create', without ?? course.create)
  const needs = (work: () => Promise<string>) => without ?? (isMade ? work : 'there is no course')
  await check('a course: read', needs(course.read))
  await check('a small file to done', needs(course.upload))
  await check('a course: delete', needs(course.remove))
  await check('nothing is left', without ?? course.tidy)
  return rows
}

async function health(ask: SmokeClient): Promise<string> {
  const { status, body } = await ask('GET', '/health')
  const parts = ['status', 'db', 's3'].map((part) => `${part} ${String(fieldOf(body, part)).slice(0, 20)}`)
  if (status !== 200 || parts.some((part) => !part.endsWith(' ok')))
    throw new SmokeFailure(`${status}: ${parts.join(', ')}`)
  return parts.slice(1).join(', ')
}

async function documentation(ask: SmokeClient): Promise<string> {
  const page = await ask('GET', '/docs', { follow: true })
  expectStatus(page, 200)
  if (!String(page.body).includes('swagger-ui')) throw new SmokeFailure('/docs is not Swagger UI')
  const document = await ask('GET', '/openapi.json')
  expectStatus(document, 200)
  const paths = Object.keys(fieldOf(document.body, 'paths') ?? {})
  if (!paths.includes(COURSES)) throw new SmokeFailure('/openapi.json does not describe this API')
  return `${paths.length} addresses, version ${textField(fieldOf(document.body, 'info'), 'version')}`
}

async function securityHeaders(ask: SmokeClient): Promise<string> {
  for (const path of ['/health', ME, '/api/v1/no-such-thing']) expectSecurityHeaders(path, await ask('GET', path))
  return ''
}

async function scopesOf(ask: SmokeClient, key: string): Promise<Scope[]> {
  const answer = await ask('GET', ME, { key })
  expectStatus(answer, 200)
  const told = fieldOf(fieldOf(answer.body, 'key'), 'scopes')
  const held = SCOPES.filter((scope) => Array.isArray(told) && told.includes(scope))
  if (held.length === 0) throw new SmokeFailure('/me does not say what the key may do')
  return held
}

/** What refuses the key; a text where nothing can, as it holds both scopes. */
function forbidden(ask: SmokeClient, key: string, held: readonly Scope[]): (() => Promise<string>) | string {
  const other = SCOPES.find((scope) => !held.includes(scope))
  if (other === undefined) return 'the key holds both scopes: test with one that holds prep alone'
  return async () => {
    expectStatus(await ask('GET', OF_SCOPE[other], { key }), 403, 'auth.scope_missing')
    return `${other} is refused`
  }
}
