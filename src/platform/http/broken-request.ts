import type { Socket } from 'node:net'
import type { FastifyBaseLogger } from 'fastify'
import type { Failure } from '#kernel/failure.ts'
import { SECURITY_HEADERS } from './headers.ts'
import { PROBLEM_TYPE, problemOf } from './problem.ts'
import { headersTooLarge, malformedRequest, requestTimedOut } from './refusals.ts'

// Codes of node:http and of its parser (https://nodejs.org/api/http.html#event-clienterror).
const REFUSALS: Record<string, () => Failure> = {
  HPE_HEADER_OVERFLOW: headersTooLarge,
  ERR_HTTP_REQUEST_TIMEOUT: requestTimedOut,
}

type Deps = { log: FastifyBaseLogger; newId: () => string }

/** Answers where the parser gave up before there was a request: by hand, but with the document, headers and log line of any other refusal. */
export function answerBrokenRequest({ log, newId }: Deps) {
  return (error: Error & { code?: string }, socket: Socket) => {
    if (error.code === 'ECONNRESET' || !socket.writable) return socket.destroy()
    const requestId = newId()
    const problem = problemOf((REFUSALS[error.code ?? ''] ?? malformedRequest)(), requestId)
    log.info({ request_id: requestId, route: null, status: problem.status }, 'request')
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
  }
}
