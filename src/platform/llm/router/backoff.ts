const FIRST_MS = 1_000
const MOST_MS = 30_000

/** Nobody waits longer for one model while there are others. */
export const LONGEST_WAIT_MS = 60_000

/** A provider may ask for years, by mistake: nobody is told to stay away for longer than this. */
const LONGEST_ASKED_MS = 900_000

/**
 * Milliseconds before the next try after so many failed ones: exponential with full jitter, but no less than the provider asks for.
 * https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
 */
export function pauseAfter(failed: number, askedMs: number | undefined, random: () => number): number {
  return Math.max(askedMs ?? 0, random() * Math.min(MOST_MS, FIRST_MS * 2 ** (failed - 1)))
}

/**
 * How long a refusal asks to stay away, in milliseconds, 15 minutes at most: `retry-after-ms` (OpenAI's), `Retry-After` in seconds or as a date (RFC 9110,
 * section 10.2.3), or the RetryInfo in the body of Google's errors (https://google.aip.dev/193).
 */
export function askedPauseMs(
  headers: Readonly<Record<string, string>> | undefined,
  body: string | undefined,
  now: Date,
): number | undefined {
  const askedMs = readPauseMs(headers, body, now)
  return askedMs === undefined ? undefined : Math.min(askedMs, LONGEST_ASKED_MS)
}

function readPauseMs(
  headers: Readonly<Record<string, string>> | undefined,
  body: string | undefined,
  now: Date,
): number | undefined {
  const inMs = headers?.['retry-after-ms']
  if (inMs !== undefined && /^\d{1,12}(\.\d+)?$/.test(inMs)) return Math.ceil(Number(inMs))
  const after = headers?.['retry-after']?.trim()
  if (after !== undefined && /^\d{1,9}(\.\d+)?$/.test(after)) return Math.ceil(Number(after) * 1000)
  // JavaScript takes much more for a date than RFC 9110 does, -1 for one.
  const at = /^[A-Z][a-z]{2,8}, /.test(after ?? '') ? Date.parse(after ?? '') : Number.NaN
  if (!Number.isNaN(at)) return Math.max(0, at - now.getTime())
  const [, seconds] = /"retryDelay"\s*:\s*"(\d{1,9}(?:\.\d{1,9})?)s"/.exec(body?.slice(0, 100_000) ?? '') ?? []
  return seconds === undefined ? undefined : Math.ceil(Number(seconds) * 1000)
}
