import { createTimeRing, dropBefore, newest, push, type TimeRing, timeAt } from './time-ring.ts'
import { accept, refuse, requireLimit, type Verdict } from './verdict.ts'

type Options = {
  windowMs: number
  /**
   * Monotonic milliseconds. Fractions are cut off: an accepted request then counts up to 1 ms too long, never too
   * short.
   */
  now: () => number
  /** Keys counted at once. */
  maxKeys: number
  /** A greater limit is applied, and reported, as this one: it bounds the memory of a key to 8 bytes times this. */
  maxPerKey: number
  /**
   * What happens to a new key when `maxKeys` others are counted. `refuse` fails closed: for keys that cannot be made
   * up, with a generous bound. `evict-oldest` forgets the key that was accepted least recently, which then starts anew:
   * for keys that a stranger has many of, who must not be able to shut others out.
   */
  overflow?: 'refuse' | 'evict-oldest'
  /** Starts the sweeper and returns what stops it. */
  every?: (ms: number, run: () => void) => () => void
}

/** A `Limiter` that answers at once. */
export type WindowLimiter = {
  take(key: string, limit: number): Verdict
  /** Forgets keys of which nothing is counted any more. Runs by itself once a window. */
  sweep(): void
  /** Keys held in memory. */
  size(): number
  close(): void
}

/**
 * An exact sliding-window log in this process's memory.
 *
 * Only a log is exact: fixed windows, weighted counters and GCRA admit up to twice the limit to well-timed requests.
 * The keys stand in the order of their newest accepted request, so those that have expired are always the first ones: a
 * sweep costs what it frees, and a new key never pays for a scan of the others.
 */
export function createWindowLimiter(options: Options): WindowLimiter {
  const { windowMs, now, maxKeys, maxPerKey, overflow = 'refuse', every = repeat } = options
  const logs = new Map<string, TimeRing>()
  const clock = () => Math.floor(now())
  const leavesIn = (time: number, at: number) => time + windowMs - at
  const stop = every(windowMs, sweep)

  function take(key: string, wanted: number): Verdict {
    const limit = Math.min(requireLimit(wanted), maxPerKey)
    const at = clock()
    const log = logs.get(key)
    if (log === undefined) return begin(key, limit, at)
    dropBefore(log, at - windowMs)
    if (log.length >= limit) {
      return refuse(limit, leavesIn(timeAt(log, 0), at), leavesIn(timeAt(log, log.length - limit), at))
    }
    logs.delete(key)
    return add(key, log, limit, at)
  }

  function begin(key: string, limit: number, at: number): Verdict {
    dropExpired(at)
    const first = oldest()
    if (first !== undefined && logs.size >= maxKeys) {
      const roomIn = leavesIn(newest(first.log), at)
      if (overflow === 'refuse') return refuse(limit, roomIn, roomIn)
      logs.delete(first.key)
    }
    return add(key, createTimeRing(), limit, at)
  }

  function add(key: string, log: TimeRing, limit: number, at: number): Verdict {
    push(log, at, limit)
    logs.set(key, log)
    return accept(limit, log.length, leavesIn(timeAt(log, 0), at))
  }

  function sweep(): void {
    dropExpired(clock())
  }

  function dropExpired(at: number): void {
    for (let first = oldest(); first !== undefined; first = oldest()) {
      if (newest(first.log) >= at - windowMs) return
      logs.delete(first.key)
    }
  }

  function oldest(): { key: string; log: TimeRing } | undefined {
    for (const [key, log] of logs) return { key, log }
    return undefined
  }

  function close(): void {
    stop()
    logs.clear()
  }

  return { take, sweep, size: () => logs.size, close }
}

/** Unreferenced: a sweeper must not keep a finished program alive. */
function repeat(ms: number, run: () => void): () => void {
  const timer = setInterval(run, ms)
  timer.unref()
  return () => clearInterval(timer)
}
