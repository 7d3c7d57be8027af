import cors from '@fastify/cors'
import type { Api } from './api.ts'

// An API that is never a page: nothing may be loaded, framed, sniffed or kept. `/docs` brings a policy of its own.
const SECURITY_HEADERS = {
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'strict-transport-security': 'max-age=31536000',
  'cache-control': 'no-store',
}

/** Headers that a browser page of an allowed origin may read. */
const EXPOSED = ['X-Request-Id', 'Location', 'ETag', 'Retry-After', 'RateLimit', 'RateLimit-Policy']

/** Puts the security headers on every answer, errors included, and opens CORS to the named origins and to nobody else. */
export async function addHeaders(app: Api, { corsOrigins }: { corsOrigins: readonly string[] }) {
  app.addHook('onRequest', async (request, reply) => {
    reply.headers(SECURITY_HEADERS).header('x-request-id', request.id)
  })
  if (corsOrigins.length > 0) {
    await app.register(cors, {
      origin: [...corsOrigins],
      methods: ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'],
      exposedHeaders: EXPOSED,
      maxAge: 600,
      strictPreflight: false,
    })
  }
}
