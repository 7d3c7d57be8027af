import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import type {
  FastifyBaseLogger,
  FastifyInstance,
  FastifyRequest,
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

export type Bearer = Pick<Caller, 'tenantId'>

/** A token in the query parameter `token`. */
export type Capability = {
  /** Undefined when the request has no token; throws a Failure when it is not good. Asked only when there is no key. */
  admit(request: FastifyRequest): Bearer | undefined
}

export type OwnOrigin = {
  /** Undefined when the address names none: then the server's own origins count. */
  originOf(request: FastifyRequest): string | undefined
  methods: readonly string[]
  /** Headers that the page may read, besides those of every answer. */
  exposes: readonly string[]
}

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
    /** Continues what was charged before: the key is asked for, but the request counts for no limit. */
    uncharged?: boolean
    /** What stands in for a key. */
    capability?: Capability
    /** The one origin whose pages may talk to this address, as the address itself proves. */
    cors?: OwnOrigin
    /** Headers of its good answers, each with what it says: documented in OpenAPI. */
    answers?: Record<string, string>
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
    /** Whoever was let in, by a key or by a capability. Reading it on a route that needs neither is a defect and throws. */
    bearer: Bearer
    bearing: Bearer | null
  }
}
