import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Caller } from '#kernel/caller.ts'
import type { Api } from './api.ts'
import { rateLimited } from './refusals.ts'

/** What a limit says of one request. Times are whole seconds. */
export type Rate = { accepted: boolean; limit: number; left: number; resetSeconds: number; retryAfterSeconds: number }

/** `rate` is null for a request that counts for no limit. */
export type Admission = { caller: Caller; policy: string; rate: Rate | null }

/** Decides who enters. Throws a Failure for a missing, unknown or expired key and for a missing scope. */
export type Gate = {
  admit(request: {
    key: string | undefined
    address: string
    access: 'prep' | 'check' | 'any'
    uncharged?: boolean
  }): Promise<Admission>
  admitPublic(address: string): Promise<Rate>
}

/** Guards every route before a byte of its body is read: key, scope, limit, in this order. */
export function guardRoutes(app: Api, gate: Gate) {
  app.decorateRequest('identity', null)
  app.decorateRequest('caller', {
    getter(this: FastifyRequest) {
      if (this.identity === null) throw new Error(`${this.routeOptions.url} needs no key and has no caller`)
      return this.identity
    },
  })
  app.decorateRequest('bearing', null)
  app.decorateRequest('bearer', {
    getter(this: FastifyRequest) {
      const bearer = this.identity ?? this.bearing
      if (bearer === null) throw new Error(`${this.routeOptions.url} needs no key and nobody was let in`)
      return bearer
    },
  })
  app.addHook('onRequest', async (request, reply) => {
    // Always said: a route that does not say it stops the boot.
    const { access = 'prep', uncharged = false, capability } = request.routeOptions.config
    if (access === 'unlimited') return
    if (access === 'public') return limit(reply, 'public', await gate.admitPublic(request.ip))
    const header = request.headers['x-api-key']
    // A capability is no key: with it nobody guesses, and nothing is counted.
    const bearer = header === undefined ? capability?.admit(request) : undefined
    if (bearer !== undefined) {
      request.bearing = bearer
      request.log = reply.log = request.log.child({ tenant_id: bearer.tenantId })
      return
    }
    const { caller, policy, rate } = await gate.admit({
      key: typeof header === 'string' ? header : undefined,
      address: request.ip,
      access,
      uncharged,
    })
    request.identity = caller
    request.log = reply.log = request.log.child({ tenant_id: caller.tenantId, key_prefix: caller.keyPrefix })
    if (rate !== null) limit(reply, policy, rate)
  })
}

// https://datatracker.ietf.org/doc/draft-ietf-httpapi-ratelimit-headers/
function limit(reply: FastifyReply, policy: string, rate: Rate) {
  reply.header('ratelimit-policy', `"${policy}";q=${rate.limit};w=60`)
  reply.header('ratelimit', `"${policy}";r=${rate.left};t=${rate.resetSeconds}`)
  if (!rate.accepted) throw rateLimited(rate.retryAfterSeconds)
}
