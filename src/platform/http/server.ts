import type { Server } from 'node:http'
import type { Socket } from 'node:net'
import Fastify, { type FastifyBaseLogger, LogController } from 'fastify'
import { type Gate, guardRoutes } from './access.ts'
import type { Api } from './api.ts'
import { guardBodies } from './body-guard.ts'
import { serveDocs } from './docs.ts'
import { answerError } from './errors.ts'
import { addHeaders } from './headers.ts'
import { type Inventory, takeInventory } from './inventory.ts'
import { type ApiDescription, describeApi } from './openapi.ts'
import { PROBLEM_TYPE, problemOf } from './problem.ts'
import { malformedRequest, methodNotAllowed, requestTimedOut, routeNotFound } from './refusals.ts'
import { logRequests, requestIdOf } from './request-log.ts'
import { refuseUnstorableText, validatorCompiler } from './validation.ts'

export type ServerOptions = {
  log: FastifyBaseLogger
  newId: () => string
  gate: Gate
  /** Addresses or CIDR ranges whose `X-Forwarded-For` is believed. */
  trustedProxies: readonly string[]
  corsOrigins: readonly string[]
  description: ApiDescription
}

/** JSON bodies are small; what is larger has a route with a limit of its own. */
const JSON_LIMIT = 1024 * 1024

/** A server with everything that is true of every route. Features add their routes to `api`; then `listen`. */
export async function createServer({
  log,
  newId,
  gate,
  trustedProxies,
  corsOrigins,
  description,
}: ServerOptions): Promise<{ api: Api; inventory: Inventory }> {
  const api: Api = Fastify({
    loggerInstance: log,
    // The one line a request gets is request-log.ts's.
    logController: new LogController({ disableRequestLogging: true, requestIdLogLabel: 'request_id' }),
    genReqId: (request) => requestIdOf(request.headers['x-request-id'], newId),
    trustProxy: trustedProxies.length > 0 ? [...trustedProxies] : false,
    bodyLimit: JSON_LIMIT,
    // A body has deadlines of its own (body-guard, uploads): a gigabyte on a slow line takes longer than any one number.
    requestTimeout: 0,
    connectionTimeout: 0,
    // Longer than a proxy keeps its side open, so that it is never we who close a connection it is about to use.
    keepAliveTimeout: 75_000,
    http: { headersTimeout: 20_000, maxHeaderSize: 16_384 },
    forceCloseConnections: 'idle',
    return503OnClosing: false,
    routerOptions: { maxParamLength: 4_096 },
    clientErrorHandler: (error, socket) => answerBrokenRequest(error, socket, newId()),
    frameworkErrors: (_error, request, reply) => answerError(malformedRequest(), request, reply),
  })
  const inventory = takeInventory(api)
  api.setValidatorCompiler(validatorCompiler())
  api.setErrorHandler(answerError)
  api.setNotFoundHandler((request, reply) => {
    const allowed = inventory.methodsOf(request.url.split('?', 1)[0] ?? '')
    if (allowed.length === 0) return answerError(routeNotFound(), request, reply)
    return answerError(methodNotAllowed(), request, reply.header('allow', allowed.join(', ')))
  })
  acceptEmptyJson(api)
  logRequests(api)
  await addHeaders(api, { corsOrigins })
  guardRoutes(api, gate)
  guardBodies(api)
  api.addHook('preValidation', refuseUnstorableText)
  api.addHook('preValidation', async (request) => {
    if (request.routeOptions.config.bodyOptional) request.body ??= {}
  })
  await describeApi(api, description)
  await serveDocs(api)
  return { api, inventory }
}

/** Stops accepting, lets running requests finish for at most `graceMs`, then cuts what is left. */
export async function closeServer(api: Api, graceMs: number): Promise<void> {
  const timer = setTimeout(() => (api.server as Server).closeAllConnections(), graceMs)
  try {
    await api.close()
  } finally {
    clearTimeout(timer)
  }
}

// Many clients send Content-Type: application/json with every DELETE.
function acceptEmptyJson(api: Api) {
  const parse = api.getDefaultJsonParser('error', 'error')
  api.removeContentTypeParser(['application/json', 'text/plain'])
  api.addContentTypeParser('application/json', { parseAs: 'string' }, (request, body, done) => {
    if (body.length === 0) done(null, undefined)
    else parse(request, body as string, done)
  })
}

// The parser gave up before there was a request: the answer is written by hand.
function answerBrokenRequest(error: Error & { code?: string }, socket: Socket, requestId: string) {
  if (error.code === 'ECONNRESET' || !socket.writable) return socket.destroy()
  const failure = error.code === 'ERR_HTTP_REQUEST_TIMEOUT' ? requestTimedOut() : malformedRequest()
  const problem = problemOf(failure, requestId)
  const tooLong = error.code === 'HPE_HEADER_OVERFLOW'
  if (tooLong) Object.assign(problem, { status: 431, title: 'Request Header Fields Too Large' })
  const body = JSON.stringify(problem)
  const head = [
    `HTTP/1.1 ${problem.status} ${problem.title}`,
    `Content-Type: ${PROBLEM_TYPE}`,
    `Content-Length: ${Buffer.byteLength(body)}`,
    `X-Request-Id: ${requestId}`,
    'X-Content-Type-Options: nosniff',
    'Connection: close',
  ]
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`)
}
