import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Api } from './api.ts'

// An API that is never a page: nothing may be loaded, framed, sniffed or kept. `/docs` brings a policy of its own.
export const SECURITY_HEADERS = {
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'strict-transport-security': 'max-age=31536000',
  'cache-control': 'no-store',
}

/** Headers that a browser page of an allowed origin may read. */
const EXPOSED = [
  'X-Request-Id',
  'Location',
  'ETag',
  'Retry-After',
  'RateLimit',
  'RateLimit-Policy',
  'Idempotency-Replayed',
  'Preference-Applied',
  'Content-Disposition',
]

const PREFLIGHT_SECONDS = '600'

type Options = { corsOrigins: readonly string[]; methodsOf: (path: string) => string[] }

/** Puts the security headers on every answer, errors included, and opens CORS to the named origins, or to the one that the address names, and to nobody else. */
export function addHeaders(app: Api, { corsOrigins, methodsOf }: Options) {
  const allowed = new Set(corsOrigins)
  app.addHook('onRequest', async (request, reply) => {
    reply.headers(SECURITY_HEADERS).header('x-request-id', request.id)
    const own = request.routeOptions.config?.cors
    if (allowed.size === 0 && own === undefined) return
    // A cache must not give one origin's answer to another.
    reply.header('vary', 'Origin')
    const { origin } = request.headers
    const ownOrigin = own?.originOf(request)
    if (origin === undefined || !(ownOrigin === undefined ? allowed.has(origin) : origin === ownOrigin)) return
    const exposed = [...EXPOSED, ...(own?.exposes ?? [])].join(', ')
    reply.header('access-control-allow-origin', origin).header('access-control-expose-headers', exposed)
    if (!isPreflight(request)) return
    return allow(request, reply, ownOrigin === undefined ? methodsOf(pathOf(request.url)) : (own?.methods ?? []))
  })
}

export const pathOf = (url: string) => url.split('?', 1)[0] ?? ''

function isPreflight({ method, headers }: FastifyRequest): boolean {
  return method === 'OPTIONS' && headers['access-control-request-method'] !== undefined
}

// https://fetch.spec.whatwg.org/#cors-preflight-fetch. A browser sends it without the key, so it is answered before anyone asks for one.
function allow({ headers }: FastifyRequest, reply: FastifyReply, methods: readonly string[]) {
  if (methods.length === 0) return
  const asked = headers['access-control-request-headers']
  return reply
    .headers({
      vary: 'Origin, Access-Control-Request-Headers',
      'access-control-allow-methods': methods.join(', '),
      'access-control-max-age': PREFLIGHT_SECONDS,
      ...(asked === undefined ? {} : { 'access-control-allow-headers': asked }),
    })
    .code(204)
    .send()
}
