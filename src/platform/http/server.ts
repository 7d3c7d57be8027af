import type { Server } from 'node:http'
import Fastify, { type FastifyBaseLogger, LogController } from 'fastify'
import { type Gate, guardRoutes } from './access.ts'
import type { Api } from './api.ts'
import { guardBodies } from './body-guard.ts'
import { createBrokenRequests } from './broken-request.ts'
import { serveDocs } from './docs.ts'
import { answerError } from './errors.ts'
import { addHeaders } from './headers.ts'
import { type Inventory, takeInventory } from './inventory.ts'
import { readJsonBodies } from './json-body.ts'
import { type Meter, measureRequests } from './measure.ts'
import { type ApiDescription, describeApi } from './openapi.ts'
import { malformedRequest } from './refusals.ts'
import { logRequests, requestIdOf } from './request-log.ts'
import { refuseUnknown, rewriteUnreadable } from './unknown-routes.ts'
import { refuseUnstorableText, validatorCompiler } from './validation.ts'

/** All in milliseconds. */
export type Deadlines = {
  /** For the request line and headers. */
  headers: number
  /** For a JSON body, once it may be read. */
  body: number
  /** How long a connection may stand still in the middle of a request or an answer. */
  idle: number
  /** How long a client may go on writing after it was refused. */
  linger: number
}

export type ServerOptions = {
  log: FastifyBaseLogger
  newId: () => string
  gate: Gate
  /** Addresses or CIDR ranges whose `X-Forwarded-For` is believed. */
  trustedProxies: readonly string[]
  corsOrigins: readonly string[]
  description: ApiDescription
  /** Counts requests, where somebody wants to know. */
  meter?: Meter
  deadlines?: Partial<Deadlines>
}

/** JSON bodies are small; what is larger has a route with a limit of its own. */
const JSON_LIMIT = 1024 * 1024

/** Bytes. A path parameter can be no longer, so that none is too long for the router. */
const MAX_HEADERS = 16_384

const DEADLINES: Deadlines = { headers: 20_000, body: 30_000, idle: 300_000, linger: 2_000 }

/** A server with everything that is true of every route. Features add their routes to `api`; then `listen`. */
export async function createServer({
  log,
  newId,
  gate,
  trustedProxies,
  corsOrigins,
  description,
  meter,
  deadlines = {},
}: ServerOptions): Promise<{ api: Api; inventory: Inventory }> {
  const { headers, body, idle, linger } = { ...DEADLINES, ...deadlines }
  const broken = createBrokenRequests({ log, newId })
  const api: Api = Fastify({
    loggerInstance: log,
    // The one line a request gets is request-log.ts's.
    logController: new LogController({ disableRequestLogging: true, requestIdLogLabel: 'request_id' }),
    genReqId: (request) => requestIdOf(request.headers['x-request-id'], newId),
    trustProxy: trustedProxies.length > 0 ? [...trustedProxies] : false,
    bodyLimit: JSON_LIMIT,
    // None for the whole request: a gigabyte on a slow line takes longer than any one number. One that stalls is idle.
    requestTimeout: 0,
    connectionTimeout: idle,
    // Longer than a proxy keeps its side open, so that it is never we who close a connection it is about to use.
    keepAliveTimeout: 75_000,
    http: {
      headersTimeout: headers,
      connectionsCheckingInterval: Math.min(headers, 5_000),
      maxHeaderSize: MAX_HEADERS,
      requireHostHeader: false,
    },
    forceCloseConnections: 'idle',
    return503OnClosing: false,
    routerOptions: { maxParamLength: MAX_HEADERS },
    rewriteUrl: rewriteUnreadable,
    clientErrorHandler: broken.answer,
    frameworkErrors: (_error, request, reply) => answerError(malformedRequest(), request, reply),
  })
  const inventory = takeInventory(api)
  api.setValidatorCompiler(validatorCompiler())
  api.setErrorHandler(answerError)
  broken.follow(api)
  api.decorateReply('refusal', undefined)
  if (meter) measureRequests(api, meter)
  logRequests(api)
  addHeaders(api, { corsOrigins, methodsOf: inventory.methodsOf })
  closeWithLastAnswers(api)
  leaveEmpty(api)
  refuseUnknown(api, inventory)
  guardRoutes(api, gate)
  guardBodies(api, { deadline: body, linger })
  api.addHook('preValidation', refuseUnstorableText)
  readJsonBodies(api)
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

// A connection whose request was running when the stop began would be kept open for the next one, and the stop would wait for it.
function closeWithLastAnswers(api: Api) {
  let isClosing = false
  api.addHook('preClose', async () => {
    isClosing = true
  })
  api.addHook('onSend', async (_request, reply, payload) => {
    if (isClosing) reply.header('connection', 'close')
    return payload
  })
}

// A route that has nothing to say sends null, which would go out as a JSON text of four bytes: on a 304 they would be counted as the file's
// (RFC 9110, 8.6).
function leaveEmpty(api: Api) {
  api.addHook('onSend', async (_request, reply, payload) => {
    if (payload !== 'null') return payload
    reply.removeHeader('content-type')
    return null
  })
}
