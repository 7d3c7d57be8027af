/** What came of one attempt: an answer, or why there was none. */
export type Outcome = { status: number; retryAfterSeconds: number | null } | { error: string }

/** What follows for the message, and for the receiver: how long nothing more is sent to it. */
export type Verdict = {
  status: 'delivered' | 'failed' | 'pending'
  /** Seconds until the next attempt, while it is pending. */
  waitSeconds: number
  lastStatus: number | null
  lastError: string | null
  /** Whether the receiver is better left alone for a moment: it may take others no sooner. */
  isDown: boolean
  /** Seconds for which it wants to be left alone. */
  quietSeconds: number
}

const MINUTE = 60
const HOUR = 60 * MINUTE

/** Seconds after each failed attempt: twelve attempts in 23 h 43 min. */
export const WAITS: readonly number[] = [
  ...[5, 30, 2 * MINUTE, 10 * MINUTE, 30 * MINUTE],
  ...[HOUR, 2 * HOUR, 4 * HOUR, 5 * HOUR, 5 * HOUR, 6 * HOUR],
]

/** After so long a message is given up, tried or not. */
export const GIVE_UP_HOURS = 25

const LONGEST_QUIET = HOUR
const LONGEST_PAUSE = 5 * MINUTE

/** Judges attempt number `attempt`, which counts from 1. */
export function judge(outcome: Outcome, attempt: number): Verdict {
  const answer = 'error' in outcome ? undefined : outcome
  const lastStatus = answer?.status ?? null
  const lastError = 'error' in outcome ? outcome.error.slice(0, 500) : complaintOf(outcome.status)
  const common = { lastStatus, lastError, waitSeconds: 0, quietSeconds: 0, isDown: false }
  if (lastError === null) return { ...common, status: 'delivered' }
  // Gone: the receiver wants it never again.
  if (lastStatus === 410) return { ...common, status: 'failed' }
  const isBusy = lastStatus === 429 || lastStatus === 503
  const quietSeconds = isBusy ? Math.min(answer?.retryAfterSeconds ?? 0, LONGEST_QUIET) : 0
  const down = { ...common, isDown: true, quietSeconds }
  const wait = WAITS[attempt - 1]
  if (wait === undefined) return { ...down, status: 'failed' }
  return { ...down, status: 'pending', waitSeconds: Math.max(wait, quietSeconds) }
}

/** Seconds for which a receiver that was down `failures` times in a row is left alone. */
export function pauseAfter(failures: number): number {
  return Math.min(LONGEST_PAUSE, 2 ** Math.min(failures, 20))
}

function complaintOf(status: number): string | null {
  if (status >= 200 && status < 300) return null
  if (status >= 300 && status < 400) return `The receiver answered with a redirect (${status}), which is not followed.`
  return `The receiver answered with status ${status}.`
}
