import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Api } from './api.ts'

/**
 * One line a request, whatever became of it: which route (its template: a path may hold a student's e-mail address), what came of it, how
 * long it took. Who asked stands there through the request's own log, which knows it once the key is accepted.
 */
export function logRequests(app: Api) {
  app.addHook('onRequest', async (request, reply) => {
    const began = performance.now()
    reply.raw.once('close', () => logRequest(request, reply, performance.now() - began))
  })
}

function logRequest(request: FastifyRequest, { raw }: FastifyReply, elapsed: number) {
  const line = {
    method: request.method,
    route: request.is404 ? null : request.routeOptions.url,
    status: raw.headersSent ? raw.statusCode : null,
    duration_ms: Math.round(elapsed * 10) / 10,
    // The client went away before it had the whole answer.
    ...(raw.writableFinished ? {} : { aborted: true }),
  }
  if (raw.statusCode >= 500) request.log.error(line, 'request')
  else request.log.info(line, 'request')
}

/** The caller's own request id when it is sane, so that both sides' logs can be joined. */
export function requestIdOf(header: string | string[] | undefined, fresh: () => string): string {
  return typeof header === 'string' && /^[\w.:-]{1,128}$/.test(header) ? header : fresh()
}
