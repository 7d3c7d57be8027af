import type { Api } from './api.ts'

/**
 * One line a request: who, which route (its template: a path may hold a student's e-mail address), what came of it, how long it took.
 */
export function logRequests(app: Api) {
  app.addHook('onResponse', async (request, reply) => {
    const { identity } = request
    const line = {
      ...(identity ? { tenant_id: identity.tenantId, key_prefix: identity.keyPrefix } : {}),
      method: request.method,
      route: request.is404 ? null : request.routeOptions.url,
      status: reply.statusCode,
      duration_ms: Math.round(reply.elapsedTime * 10) / 10,
    }
    if (reply.statusCode >= 500) request.log.error(line, 'request')
    else request.log.info(line, 'request')
  })
  app.addHook('onRequestAbort', async (request) => {
    request.log.info({ method: request.method, route: request.routeOptions.url }, 'request aborted by the client')
  })
}

/** The caller's own request id when it is sane, so that both sides' logs can be joined. */
export function requestIdOf(header: string | string[] | undefined, fresh: () => string): string {
  return typeof header === 'string' && /^[\w.:-]{1,128}$/.test(header) ? header : fresh()
}
