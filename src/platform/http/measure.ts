import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Api } from './api.ts'

export type Measured = {
  method: string
  /** The template, never the path: that is without bound, and may hold a student's e-mail address. Null: there is no such route. */
  route: string | null
  /** Null when the client went away before there was one. */
  status: number | null
  /** The code of the problem document, when the request was refused with one. */
  refusal: string | undefined
  seconds: number
}

/** Is told of each request when it begins and when its connection or its answer has ended. */
export type Meter = { began(): void; ended(request: Measured): void }

declare module 'fastify' {
  interface FastifyReply {
    /** The code of the problem document that it is. */
    refusal: string | undefined
  }
}

export function measureRequests(app: Api, meter: Meter) {
  app.addHook('onRequest', async (request, reply) => {
    const began = performance.now()
    meter.began()
    reply.raw.once('close', () => meter.ended(measured(request, reply, (performance.now() - began) / 1_000)))
  })
}

function measured(request: FastifyRequest, reply: FastifyReply, seconds: number): Measured {
  const { raw, refusal } = reply
  return {
    method: request.method,
    route: request.is404 ? null : (request.routeOptions.url ?? null),
    status: raw.headersSent ? raw.statusCode : null,
    refusal,
    seconds,
  }
}
