import type { Socket } from 'node:net'
import type { FastifyBaseLogger, FastifyReply } from 'fastify'
import type { Failure } from '#kernel/failure.ts'
import type { Api } from './api.ts'
import { SECURITY_HEADERS } from './headers.ts'
import { PROBLEM_TYPE, problemOf } from './problem.ts'
import { headersTooLarge, malformedRequest, requestTimedOut } from './refusals.ts'

// Codes of node:http and of its parser (https://nodejs.org/api/http.html#event-clienterror).
const REFUSALS: Record<string, () => Failure> = {
  HPE_HEADER_OVERFLOW: headersTooLarge,
  ERR_HTTP_REQUEST_TIMEOUT: requestTimedOut,
}

type Deps = { log: FastifyBaseLogger; newId: () => string }

/**
 * Answers where the parser gave up: by hand, but with the document and headers of any other refusal. `follow` lets it know which request
 * the broken bytes belong to, if there is one already.
 */
export function createBrokenRequests({ log, newId }: Deps) {
  const running = new WeakMap<Socket, FastifyReply>()

  return {
    follow(app: Api) {
      app.addHook('onRequest', async ({ raw: { socket } }, reply) => {
        running.set(socket, reply)
        reply.raw.once('close', () => {
          if (running.get(socket) === reply) running.delete(socket)
        })
      })
    },
    answer(error: Error & { code?: string }, socket: Socket) {
      const reply = running.get(socket)
      if (error.code === 'ECONNRESET' || !socket.writable || reply?.raw.headersSent) return socket.destroy()
      const requestId = reply?.request.id ?? newId()
      const problem = problemOf((REFUSALS[error.code ?? ''] ?? malformedRequest)(), requestId)
      // A request that has begun has a line of its own.
      if (reply === undefined) log.info({ request_id: requestId, route: null, status: problem.status }, 'request')
      const body = JSON.stringify(problem)
      const headers = {
        ...SECURITY_HEADERS,
        'content-type': PROBLEM_TYPE,
        'content-length': Buffer.byteLength(body),
        'x-request-id': requestId,
        connection: 'close',
      }
      const head = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
      socket.end(`HTTP/1.1 ${problem.status} ${problem.title}\r\n${head.join('')}\r\n${body}`)
    },
  }
}
