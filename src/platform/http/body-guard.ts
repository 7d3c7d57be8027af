import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { FastifyRequest } from 'fastify'
import type { Api } from './api.ts'
import { requestTimedOut, unsupportedType } from './refusals.ts'

type Options = {
  /**
   * A JSON body must be there within this many ms, and what a slow line needs for a long one. Streamed bodies end when the connection is
   * idle too long.
   */
  deadline: number
  /** How long, in ms, a client may go on writing a body that was refused. */
  linger: number
}

const IDENTITY = /^(identity)?$/i

const DISCARD_BYTES = 1024 * 1024

/** The slowest line that is served: 32 KiB/s. */
const BYTES_PER_MS = 32

/** Deadlines for request bodies, and a polite but short end for bodies that nobody will read. */
export function guardBodies(app: Api, { deadline, linger }: Options) {
  waitForReaders(app.server)
  app.addHook('preParsing', async (request, reply, payload) => {
    if (!hasBody(request)) return payload
    // Nothing here is unpacked: taking a packed body as it is would store what nobody can read.
    if (!IDENTITY.test(request.headers['content-encoding'] ?? '')) throw unsupportedType()
    if (isStreamed(request)) return payload
    const timer = setTimeout(
      () => {
        if (!request.raw.complete && !reply.sent) reply.send(requestTimedOut())
      },
      deadline + longestBody(request) / BYTES_PER_MS,
    )
    request.raw.once('close', () => clearTimeout(timer)).once('end', () => clearTimeout(timer))
    return payload
  })
  app.addHook('onSend', async (request, reply, payload) => {
    if (hasBody(request) && !request.raw.readableEnded) {
      reply.header('connection', 'close')
      closeSlowly(request, linger)
    }
    return payload
  })
}

// A client that says `Expect: 100-continue` sends its body only when told to. Node tells it at once; here it is told when somebody begins
// to read, so that a refusal spares it the upload. Other expectations are ignored (RFC 9110, 10.1.1), where Node answers without a body.
function waitForReaders(server: Server) {
  server.on('checkExpectation', (request, response) => server.emit('request', request, response))
  server.on('checkContinue', (request: IncomingMessage, response: ServerResponse) => {
    // Hides the method of the prototype until it is first called.
    request._read = (size) => {
      response.writeContinue()
      stopWaiting(request)
      request._read(size)
    }
    server.emit('request', request, response)
  })
}

const stopWaiting = (request: IncomingMessage) => Reflect.deleteProperty(request, '_read')

// JSON is read here, whatever else the route takes.
function isStreamed({ routeOptions, mediaType }: FastifyRequest): boolean {
  return routeOptions.config.streams === true && mediaType !== 'application/json'
}

function hasBody({ headers }: FastifyRequest): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0
}

function longestBody({ headers, routeOptions: { bodyLimit = 0 } }: FastifyRequest): number {
  return Math.min(Number(headers['content-length'] ?? bodyLimit), bodyLimit)
}

// After an early refusal the client may still be writing. Closing at once resets the connection, and the answer can be lost with it; reading
// on for ever is a gift to an attacker. So our side is closed, a little is read and thrown away, the rest is left to wait, and then all ends.
function closeSlowly({ raw }: FastifyRequest, linger: number) {
  const { socket } = raw
  // What Node calls once the answer is written: it would destroy the socket.
  socket.destroySoon = () => socket.end()
  const timer = setTimeout(() => socket.destroy(), linger)
  socket.once('close', () => clearTimeout(timer))
  stopWaiting(raw)
  let left = DISCARD_BYTES
  raw.on('error', () => socket.destroy())
  raw.on('data', (chunk: Buffer) => {
    left -= chunk.length
    if (left < 0) raw.pause()
  })
  // Read by us, or Node reads on without a bound once the answer is written.
  raw.resume()
}
