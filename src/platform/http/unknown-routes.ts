import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Failure } from '#kernel/failure.ts'
import type { Api } from './api.ts'
import { pathOf } from './headers.ts'
import type { Inventory } from './inventory.ts'
import { malformedRequest, methodNotAllowed, routeNotFound } from './refusals.ts'

const UNREADABLE = '/unreadable'

/**
 * For the server's `rewriteUrl`: an address that is not percent-encoded UTF-8 is led to where there is no route. The router would answer it
 * past every hook: without headers, without a line in the log.
 */
export function rewriteUnreadable({ url = '/' }: { url?: string | undefined }): string {
  if (!url.includes('%')) return url
  try {
    decodeURIComponent(url)
    return url
  } catch {
    return UNREADABLE
  }
}

/** Refuses what no route answers, before anything of it is read: an unknown address, a wrong method, a request that breaks HTTP. */
export function refuseUnknown(app: Api, inventory: Pick<Inventory, 'methodsOf'>) {
  const refusalOf = (request: FastifyRequest, reply: FastifyReply): Failure => {
    if (request.originalUrl !== request.url) return malformedRequest()
    const allowed = inventory.methodsOf(pathOf(request.url))
    if (allowed.length === 0) return routeNotFound()
    reply.header('allow', allowed.join(', '))
    return methodNotAllowed()
  }
  app.addHook('onRequest', async (request, reply) => {
    // RFC 9112, 3.2: HTTP/1.1 needs a Host. Node's own check is off because it answers without a body.
    if (request.raw.httpVersion === '1.1' && request.headers.host === undefined) throw malformedRequest()
    if (request.is404) throw refusalOf(request, reply)
  })
  // With a handler of our own the hooks run for unknown addresses, too; the one above has answered by then.
  app.setNotFoundHandler((request, reply) => {
    throw refusalOf(request, reply)
  })
}
