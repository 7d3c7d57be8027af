import type { Caller, Scope } from '#kernel/caller.ts'
import { addressGroup, type GuessThrottle, type Limiter } from '#platform/limits/index.ts'
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

type Entry = { key: string | undefined; address: string; access: Scope | 'any' }

/** Public operations a client address may ask for in 60 s. */
const PUBLIC_LIMIT = 120

/** Decides who enters: key → caller → scope → limit. One query at the most. */
export function createGate({ findKey, throttle, limiter, publicLimiter }: Deps) {
  async function authenticate({ key, address }: Entry): Promise<Caller> {
    if (key === undefined || key === '') throw keyMissing()
    const hash = hashOf(key)
    const { allowed, retryAfterSeconds } = throttle.allows(address, hash)
    if (!allowed) throw tooManyRefusedKeys(retryAfterSeconds)
    const found = isKey(key) ? await findKey(hash) : undefined
    if (found === undefined || found.expired) {
      throttle.refused(address)
      throw found === undefined ? keyInvalid() : keyExpired()
    }
    throttle.accepted(hash)
    return found.caller
  }

  return {
    /** Throws the Failures of `KEY_FAILURES`; a request over its limit is returned with `rate.accepted` false. */
    async admit(entry: Entry) {
      const caller = await authenticate(entry)
      const scope = chargedScope(caller, entry.access)
      return { caller, policy: scope, rate: await limiter.take(`${caller.tenantId} ${scope}`, caller.limits[scope]) }
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
