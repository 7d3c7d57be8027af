import { setTimeout as sleep } from 'node:timers/promises'

export type Backoff = {
  /** How often a request is tried before it fails. */
  attempts: number
  /** Milliseconds: the longest pause after the first attempt, which doubles with each, and the longest of all. */
  firstMs: number
  mostMs: number
}

/**
 * Milliseconds to wait after so many failed attempts: exponential with full jitter, so that clients who failed together do not come
 * back together. https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
 */
export function pauseAfter(failed: number, { firstMs, mostMs }: Backoff, random = Math.random): number {
  return random() * Math.min(mostMs, firstMs * 2 ** (failed - 1))
}

/** Repeats `attempt` while it fails with what `passes` says will pass. Ends at once with the signal's reason. */
export async function retry<T>(
  attempt: () => Promise<T>,
  { passes, backoff, signal }: { passes: (error: unknown) => boolean; backoff: Backoff; signal: AbortSignal },
): Promise<T> {
  for (let failed = 1; ; failed += 1) {
    try {
      return await attempt()
    } catch (error) {
      signal.throwIfAborted()
      if (failed >= backoff.attempts || !passes(error)) throw error
      await sleep(pauseAfter(failed, backoff), undefined, { signal }).catch(() => signal.throwIfAborted())
    }
  }
}
