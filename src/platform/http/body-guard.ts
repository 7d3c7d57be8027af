import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Api } from './api.ts'
import { requestTimedOut } from './refusals.ts'

/** A JSON body must be there within this many milliseconds; streamed bodies have deadlines of their own. */
const BODY_DEADLINE = 30_000

// After an early refusal the client may still be writing. Closing at once can lose the answer; reading on for ever is a gift to an
// attacker. So a little is read and thrown away, for a little while.
const DISCARD_MS = 2_000
const DISCARD_BYTES = 1024 * 1024

/** Deadlines for request bodies, and a polite but short end for bodies that nobody will read. */
export function guardBodies(app: Api) {
  app.addHook('preParsing', async (request, reply, payload) => {
    if (!hasBody(request) || isStreamed(request)) return payload
    const timer = setTimeout(() => {
      if (!request.raw.complete && !reply.sent) reply.send(requestTimedOut())
    }, BODY_DEADLINE)
    request.raw.once('close', () => clearTimeout(timer)).once('end', () => clearTimeout(timer))
    return payload
  })
  app.addHook('onSend', async (request, reply, payload) => {
    if (unread(request)) {
      reply.header('connection', 'close')
      discardAfter(request, reply)
    }
    return payload
  })
}

// JSON is read by us, whatever else the route takes.
function isStreamed({ routeOptions, mediaType }: FastifyRequest): boolean {
  return routeOptions.config.streams === true && mediaType !== 'application/json'
}

function hasBody({ headers }: FastifyRequest): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0
}

function unread(request: FastifyRequest): boolean {
  return hasBody(request) && !request.raw.readableEnded
}

function discardAfter(request: FastifyRequest, reply: FastifyReply) {
  const { raw } = request
  const { socket } = raw
  let left = DISCARD_BYTES
  const timer = setTimeout(() => socket.destroy(), DISCARD_MS)
  socket.once('close', () => clearTimeout(timer))
  // Whoever it was piped to no longer reads.
  raw.unpipe()
  raw.on('data', (chunk: Buffer) => {
    left -= chunk.length
    if (left < 0) reply.raw.writableFinished ? socket.destroy() : reply.raw.once('finish', () => socket.destroy())
  })
  raw.on('error', () => socket.destroy())
  raw.resume()
}
