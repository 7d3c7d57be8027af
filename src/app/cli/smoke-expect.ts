import type { SmokeAnswer } from './smoke-client.ts'

/** A check that did not hold; the message says what was expected and what came. */
export class SmokeFailure extends Error {}

/** Throws unless this is the status, and with `code` a problem document of that code. */
export function expectStatus({ status, headers, body }: SmokeAnswer, expected: number, code?: string) {
  const found = fieldOf(body, 'code')
  const said = `${status}${typeof found === 'string' ? ` ${found.slice(0, 60)}` : ''}`
  if (status !== expected || (code !== undefined && found !== code))
    throw new SmokeFailure(`expected ${expected}${code ? ` ${code}` : ''}, got ${said}`)
  const type = headers.get('content-type') ?? ''
  if (code !== undefined && !type.startsWith('application/problem+json'))
    throw new SmokeFailure(`the refusal is no problem document but ${type || 'without a type'}`)
}

/** A field of a JSON object; undefined where there is none. */
export function fieldOf(body: unknown, name: string): unknown {
  return typeof body === 'object' && body !== null ? (body as Record<string, unknown>)[name] : undefined
}

export function textField(body: unknown, name: string): string {
  const value = fieldOf(body, name)
  if (typeof value !== 'string') throw new SmokeFailure(`the answer has no ${name}`)
  return value
}

/** What each answer must say, however it came about. nginx may say more in some of them, never less. */
const SECURITY: Record<string, RegExp> = {
  'x-content-type-options': /^nosniff$/,
  'x-frame-options': /^(DENY|SAMEORIGIN)$/,
  'referrer-policy': /^no-referrer$/,
  'content-security-policy': /default-src 'none'/,
  'strict-transport-security': /max-age=[1-9]\d{5}/,
  'cache-control': /no-store/,
  'x-request-id': /^[\w.:-]{1,128}$/,
}

/** Throws with all that is missing or doubled, and what tells more of the machine than anybody needs. */
export function expectSecurityHeaders(where: string, { headers }: SmokeAnswer) {
  const wrong = Object.entries(SECURITY)
    .filter(([name, pattern]) => !pattern.test(headers.get(name) ?? ''))
    .map(([name]) => `${name}: ${headers.get(name)?.slice(0, 60) ?? 'missing'}`)
  if (headers.has('x-powered-by')) wrong.push('x-powered-by is told')
  if (/\d/.test(headers.get('server') ?? '')) wrong.push('server tells its version')
  if (wrong.length > 0) throw new SmokeFailure(`${where}: ${wrong.join('; ')}`)
}

/** https://datatracker.ietf.org/doc/draft-ietf-httpapi-ratelimit-headers/ */
export function expectRateLimit({ headers }: SmokeAnswer): string {
  const policy = /^"(prep|check)";q=([1-9]\d*);w=60$/.exec(headers.get('ratelimit-policy') ?? '')
  if (policy === null) throw new SmokeFailure(`RateLimit-Policy is ${headers.get('ratelimit-policy') ?? 'missing'}`)
  const [, scope, most] = policy
  const left = new RegExp(`^"${scope}";r=(\\d+);t=\\d+$`).exec(headers.get('ratelimit') ?? '')
  if (left === null) throw new SmokeFailure(`RateLimit is ${headers.get('ratelimit') ?? 'missing'}`)
  if (Number(left[1]) >= Number(most)) throw new SmokeFailure('RateLimit does not count this request')
  return `${scope}: ${left[1]} of ${most} left`
}
