/** The answer to one request. `left` and `limit` are requests; the seconds are whole. */
export type Verdict = {
  accepted: boolean
  /** The limit that was applied. */
  limit: number
  /** How many more would be accepted right now. */
  left: number
  /** Until the oldest counted request leaves the window, rounded up; 0 when none is counted. */
  resetSeconds: number
  /** 0 when accepted; else ≥ 1, and waiting exactly this long is enough unless others take the place meanwhile. */
  retryAfterSeconds: number
}

/**
 * Counts accepted requests by key. At most `limit` are accepted in any closed window: one accepted at t still counts at
 * t + window exactly. Refused requests do not count. Calls for one key share its log and may each bring their own
 * limit, a positive integer (else `RangeError`).
 */
export type Limiter = {
  take(key: string, limit: number): Verdict | Promise<Verdict>
  close(): void | Promise<void>
}

/** `count` includes the request itself; `oldestLeavesIn` is in ms. */
export function accept(limit: number, count: number, oldestLeavesIn: number): Verdict {
  return {
    accepted: true,
    limit,
    left: Math.max(0, limit - count),
    resetSeconds: Math.ceil(oldestLeavesIn / 1000),
    retryAfterSeconds: 0,
  }
}

/** Both times in ms; `blockerLeavesIn` is that of the request whose leaving makes a place. */
export function refuse(limit: number, oldestLeavesIn: number, blockerLeavesIn: number): Verdict {
  return {
    accepted: false,
    limit,
    left: 0,
    resetSeconds: Math.ceil(oldestLeavesIn / 1000),
    retryAfterSeconds: wholeSecondsPast(blockerLeavesIn),
  }
}

/**
 * The fewest whole seconds that are more than `ms`: what is counted until t inclusive is still counted after t - now.
 */
export function wholeSecondsPast(ms: number): number {
  return Math.floor(ms / 1000) + 1
}

export function requireLimit(limit: number): number {
  if (Number.isSafeInteger(limit) && limit >= 1) return limit
  throw new RangeError(`A limit is a positive integer, not ${limit}.`)
}
