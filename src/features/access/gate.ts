import type { Caller, Scope } from '#kernel/caller.ts'
import { unavailable } from '#kernel/failure.ts'
import { addressGroup, type GuessThrottle, type Limiter } from '#platform/limits/index.ts'
import { createTurns } from '#platform/turns/index.ts'
import { keyExpired, keyInvalid, keyMissing, scopeMissing, tooManyRefusedKeys } from './failures.ts'
import { hashOf, isKey } from './key.ts'
import type { FoundKey } from './store.ts'

type Deps = {
  findKey(hash: string): Promise<FoundKey | undefined>
  throttle: GuessThrottle
  /** One window a tenant and scope. */
  limiter: Limiter
  /** One window a client address. */
  publicLimiter: Limiter
}

type Entry = { key: string | undefined; address: string; access: Scope | 'any'; uncharged?: boolean }

/** Public operations a client address may ask for in 60 s. */
const PUBLIC_LIMIT = 120

// Keys that are not known yet are looked up a few at a time for each address: a thousand guesses at once must not all be in flight before
// the first of them is refused.
const LOOKUPS_AT_ONCE = 5
const LOOKUP_DEADLINE = 10_000

/** Decides who enters: key → caller → scope → limit. One query at the most. */
export function createGate({ findKey, throttle, limiter, publicLimiter }: Deps) {
  const lookups = createTurns({ perKey: LOOKUPS_AT_ONCE })

  async function authenticate({ key, address }: Entry): Promise<Caller> {
    if (key === undefined || key === '') throw keyMissing()
    const hash = hashOf(key)
    if (throttle.knows(hash)) return requireKey(key, hash, address)
    const release = await lookups
      .acquire(addressGroup(address), AbortSignal.timeout(LOOKUP_DEADLINE))
      .catch((error) => {
        throw unavailable(error)
      })
    try {
      const { allowed, retryAfterSeconds } = throttle.allows(address, hash)
      if (!allowed) throw tooManyRefusedKeys(retryAfterSeconds)
      return await requireKey(key, hash, address)
    } finally {
      release()
    }
  }

  async function requireKey(key: string, hash: string, address: string): Promise<Caller> {
    const found = isKey(key) ? await findKey(hash) : undefined
    if (found === undefined || found.expired) {
      throttle.refused(address)
      throw found === undefined ? keyInvalid() : keyExpired()
    }
    throttle.accepted(hash)
    return found.caller
  }

  return {
    /** Throws the Failures of `KEY_FAILURES`; a request over its limit is returned with `rate.accepted` false, one that counts for no limit with null. */
    async admit(entry: Entry) {
      const caller = await authenticate(entry)
      const scope = chargedScope(caller, entry.access)
      const take = () => limiter.take(`${caller.tenantId} ${scope}`, caller.limits[scope])
      return { caller, policy: scope, rate: entry.uncharged ? null : await take() }
    },
    async admitPublic(address: string) {
      return publicLimiter.take(addressGroup(address), PUBLIC_LIMIT)
    },
  }
}

// What is open to both scopes is charged to check when the key holds it: its limit is the wider one.
function chargedScope({ scopes }: Caller, access: Scope | 'any'): Scope {
  const scope = access === 'any' ? (scopes.includes('check') ? 'check' : 'prep') : access
  if (!scopes.includes(scope)) throw scopeMissing(scope)
  return scope
}
