import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import type {
  FastifyBaseLogger,
  FastifyInstance,
  RawReplyDefaultExpression,
  RawRequestDefaultExpression,
  RawServerDefault,
} from 'fastify'
import type { Caller, Scope } from '#kernel/caller.ts'
import type { Failure } from '#kernel/failure.ts'

/**
 * Who may enter a route. `any` is a key with either scope. `public` needs no key and is limited per client address;
 * `unlimited` needs none and is never limited.
 */
export type Access = Scope | 'any' | 'public' | 'unlimited'

/** The server as routes see it: schemas give the types of requests and replies. */
export type Api = FastifyInstance<
  RawServerDefault,
  RawRequestDefaultExpression,
  RawReplyDefaultExpression,
  FastifyBaseLogger,
  TypeBoxTypeProvider
>

declare module 'fastify' {
  interface FastifyContextConfig {
    /** A route without it does not boot. */
    access?: Access
    /** Refusals of its own, beyond those every route of its kind has: documented in OpenAPI. */
    failures?: readonly (() => Failure)[]
    /** The route reads its body itself, as a stream, and keeps its own deadlines. */
    streams?: boolean
    /** Bodies that no validator sees, by Content-Type: documented in OpenAPI. */
    bodies?: Record<string, object>
    /** Honours `Idempotency-Key`: documented in OpenAPI. */
    idempotent?: boolean
    /** A body may be left out: it counts as `{}`. */
    bodyOptional?: boolean
  }
  interface FastifyRequest {
    /** The authenticated caller. Reading it on a route that needs no key is a defect and throws. */
    caller: Caller
    identity: Caller | null
  }
}
