import { addressGroup } from './address.ts'
import { createTimeRing, dropOldest, push, type TimeRing, timeAt } from './time-ring.ts'
import { wholeSecondsPast } from './verdict.ts'

type Options = {
  /** Monotonic milliseconds. */
  now: () => number
  /** Refused keys in one window after which an address must wait. */
  maxRefused: number
  windowMs: number
  /** Addresses (see `addressGroup`) whose refusals are remembered. */
  maxAddresses: number
  /** Accepted keys that are remembered. */
  maxAccepted: number
  /** How long an acceptance is remembered, in ms. */
  rememberMs: number
}

/** Ask `allows` before a key is looked up, then report what came of it. Keys come as hashes: this needs no secret. */
export type GuessThrottle = {
  /** Whether the key was accepted within `rememberMs`: then it always passes. */
  knows(keyHash: string): boolean
  /** `retryAfterSeconds` is 0 when allowed; else ≥ 1, and enough unless more keys are refused meanwhile. */
  allows(address: string | undefined, keyHash: string): { allowed: boolean; retryAfterSeconds: number }
  refused(address: string | undefined): void
  accepted(keyHash: string): void
}

/**
 * Slows down the guessing of keys: while `maxRefused` keys from one address were refused in the last window, only keys
 * that were accepted within `rememberMs` are looked up for it.
 *
 * What an attacker gets:
 * - One address: `maxRefused` lookups a window, plus those in flight at once before the first of them is refused, which the caller bounds.
 * - n addresses: n times that. With more than `maxAddresses` in a window, each refusal from a further one makes us
 *   forget the address that was refused least recently, so that nothing slows them any more. They gain lookups,
 *   not keys: that does not help against 128 random bits. Failing closed instead would let them shut out every new
 *   client, which is worse.
 * - Sharing an address with others (a NAT, a /64): keys in use pass. A key that was not used for `rememberMs`, or not
 *   since this process began, waits for as long as the attacker goes on.
 * - Only accepted keys enter the memory of accepted keys, so strangers cannot push anything out of it; when more than
 *   `maxAccepted` are in use, those used least recently lose the privilege to pass, nothing else.
 */
export function createGuessThrottle(options: Options): GuessThrottle {
  const { maxRefused, windowMs, maxAddresses, maxAccepted, rememberMs } = options
  const clock = () => Math.floor(options.now())
  // Both in the order of the last report: the first is the one to forget.
  const refusals = new Map<string, TimeRing>()
  const acceptances = new Map<string, number>()

  const knows = (keyHash: string) => (acceptances.get(keyHash) ?? Number.NEGATIVE_INFINITY) >= clock() - rememberMs

  return {
    knows,

    allows(address, keyHash) {
      const at = clock()
      if (knows(keyHash)) return { allowed: true, retryAfterSeconds: 0 }
      const log = refusals.get(addressGroup(address))
      // The log holds the last `maxRefused` only: while its oldest counts, all do.
      const blockedFor = log?.length === maxRefused ? timeAt(log, 0) + windowMs - at : -1
      if (blockedFor < 0) return { allowed: true, retryAfterSeconds: 0 }
      return { allowed: false, retryAfterSeconds: wholeSecondsPast(blockedFor) }
    },

    refused(address) {
      const group = addressGroup(address)
      const log = refusals.get(group) ?? createTimeRing()
      if (log.length === maxRefused) dropOldest(log)
      push(log, clock(), maxRefused)
      remember(refusals, group, log, maxAddresses)
    },

    accepted(keyHash) {
      remember(acceptances, keyHash, clock(), maxAccepted)
    },
  }
}

/** Puts the entry last and forgets the first when there are too many: bounded, so what has expired may stay. */
function remember<T>(map: Map<string, T>, key: string, value: T, most: number): void {
  map.delete(key)
  map.set(key, value)
  for (const oldest of map.keys()) {
    if (map.size <= most) return
    map.delete(oldest)
  }
}
