import { createHash, randomUUID } from 'node:crypto'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { invalid } from '#kernel/failure.ts'
import type { TenantTx } from '#platform/db/database.ts'
import type { Settle } from '#platform/db/settle.ts'
import { idempotencyKeyInUse, idempotencyKeyReused } from './refusals.ts'

export type Answer = { status: number; location?: string; body: unknown }

export type Claim = { tenantId: string; key: string; claimId: string }

export type ClaimOutcome =
  | { kind: 'claimed' }
  | { kind: 'running' }
  /** Answered before. `fingerprint` is what was asked then. */
  | { kind: 'answered'; fingerprint: string; answer: Answer }

/** Remembers the answers to requests that carry an `Idempotency-Key`. */
export type AnswerStore = {
  claim(claim: Claim): Promise<ClaimOutcome>
  /** Extends the lease of a claim whose work goes on. */
  renew(claim: Claim): Promise<void>
  /** Throws the Failure `idempotency.in_progress` when the claim was lost. */
  settle(tx: TenantTx, claim: Claim, fingerprint: string, answer: Answer): Promise<void>
  free(claim: Claim): Promise<void>
}

type Work<T> = {
  answer: (result: T) => Answer
  work: (settle: Settle<T>) => Promise<T>
  /** Identity of the payload where it is not the JSON body: known before the work (a declared digest), after it, or by reading on. */
  payload?: { declared: string | undefined; of: (result: T) => string; read: () => Promise<string> }
}

/** A lease outlives its process by at most a minute (AnswerStore's lease); it is renewed three times in that. */
const RENEW_EVERY = 20_000

/** Resolves when the reply was sent; a route returns it as it is. */
export type Once = <T>(request: FastifyRequest, reply: FastifyReply, work: Work<T>) => Promise<void>

/**
 * Does the work of a request at most once per `Idempotency-Key`: the same key and payload get the first answer again, another payload
 * is refused, a first request that still runs is a conflict. Without the header it simply does the work.
 */
export function createOnce(store: AnswerStore): Once {
  return async (request, reply, { answer, work, payload }) => {
    const key = readKey(request)
    if (key === undefined) return send(reply, answer(await work(async () => undefined)))
    const operation = [request.method, request.routeOptions.url, request.params]
    const claim = { tenantId: request.caller.tenantId, key, claimId: randomUUID() }
    const known = payload ? payload.declared : fingerprintOf(request.body)
    const outcome = await store.claim(claim)
    if (outcome.kind === 'running') throw idempotencyKeyInUse()
    if (outcome.kind === 'answered') {
      const asked = known ?? (await payload?.read())
      if (outcome.fingerprint !== fingerprintOf([...operation, asked])) throw idempotencyKeyReused()
      return send(reply.header('idempotency-replayed', 'true'), outcome.answer)
    }
    const renewing = setInterval(() => {
      store.renew(claim).catch((error: unknown) => request.log.warn({ err: error }, 'idempotency lease not renewed'))
    }, RENEW_EVERY)
    try {
      const result = await work(async (tx, done) => {
        const asked = payload ? payload.of(done) : known
        await store.settle(tx, claim, fingerprintOf([...operation, asked]), answer(done))
      })
      return send(reply, answer(result))
    } catch (error) {
      // What cannot be freed now is free when its lease ends.
      await store.free(claim).catch((cause: unknown) => request.log.warn({ err: cause }, 'idempotency key not freed'))
      throw error
    } finally {
      clearInterval(renewing)
    }
  }
}

function send(reply: FastifyReply, { status, location, body }: Answer) {
  if (location !== undefined) reply.header('location', location)
  // Fastify waits for a reply that a handler returns; the type only keeps its schema's out of the way.
  return reply.code(status).send(body) as unknown as Promise<void>
}

function readKey({ headers }: FastifyRequest): string | undefined {
  const key = headers['idempotency-key']
  if (key === undefined) return undefined
  if (typeof key !== 'string' || !/^[\x21-\x7e]{1,255}$/.test(key))
    throw invalid('Idempotency-Key', 'must be 1 to 255 visible ASCII characters')
  return key
}

/** The same for the same JSON value, in whatever order its fields come. */
export function fingerprintOf(value: unknown): string {
  return createHash('sha256').update(canonical(value)).digest('hex')
}

function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`
  if (typeof value === 'object' && value !== null) {
    const fields = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))
    return `{${fields.map(([name, inner]) => `${JSON.stringify(name)}:${canonical(inner)}`).join(',')}}`
  }
  return JSON.stringify(value) ?? 'null'
}
