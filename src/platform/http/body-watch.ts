import type { IncomingMessage } from 'node:http'
import type { Failure } from '#kernel/failure.ts'
import { createPace, type PaceLimits } from './body-pace.ts'
import { requestTimedOut } from './refusals.ts'

type Options = {
  /** The milliseconds for which a client may send nothing while its body is waited for. Noticed up to a quarter later. */
  stallMs: number
  /** The slowest that is served. */
  slowest?: Pick<PaceLimits, 'bytesPerSecond' | 'windowMs'>
  /** What is said of a client that went away before its body was complete. */
  interrupted: () => Failure
}

export type BodyWatch = {
  /** Aborted, with a Failure, when the rest of the body will not come. */
  signal: AbortSignal
  /** The promise's outcome, or the signal's reason as soon as that is aborted. */
  until<T>(promise: Promise<T>): Promise<T>
}

/** A gigabyte then takes 18 hours at the most. */
const SLOWEST = { bytesPerSecond: 16 * 1024, windowMs: 5 * 60_000 }

/**
 * For a route that streams its body: tells when the client stalls, only trickles, or goes away. One that is slow because it is not read
 * from has all the time it needs.
 */
export function watchBody(raw: IncomingMessage, { stallMs, slowest = SLOWEST, interrupted }: Options): BodyWatch {
  const { socket } = raw
  const gone = Promise.withResolvers<never>()
  gone.promise.catch(() => undefined)
  const watch = new AbortController()
  const tickMs = Math.min(1_000, stallMs / 4, slowest.windowMs / 4)
  const keepsPace = createPace({ stallMs, ...slowest, tickMs })
  const look = () => keepsPace({ now: performance.now(), bytes: socket.bytesRead, hungry: raw.readableLength === 0 })
  look()

  const timer = setInterval(() => {
    if (raw.complete) clearInterval(timer)
    else if (!look()) end(requestTimedOut())
  }, tickMs).unref()

  function end(reason: Failure) {
    clearInterval(timer)
    watch.abort(reason)
    gone.reject(watch.signal.reason)
  }

  const over = () => {
    clearInterval(timer)
    if (!raw.readableEnded) end(interrupted())
  }
  // It may have gone before anybody watched.
  if (raw.destroyed) over()
  else raw.once('error', over).once('close', over)
  return { signal: watch.signal, until: (promise) => Promise.race([promise, gone.promise]) }
}
