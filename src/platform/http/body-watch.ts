import type { IncomingMessage } from 'node:http'
import type { Failure } from '#kernel/failure.ts'
import { requestTimedOut } from './refusals.ts'

type Options = {
  /** The milliseconds for which a client may send nothing while its body is waited for. Noticed up to a quarter later. */
  stallMs: number
  /** What is said of a client that went away before its body was complete. */
  interrupted: () => Failure
}

export type BodyWatch = {
  /** Aborted, with a Failure, when the rest of the body will not come. */
  signal: AbortSignal
  /** The promise's outcome, or the signal's reason as soon as that is aborted. */
  until<T>(promise: Promise<T>): Promise<T>
}

/**
 * For a route that streams its body: tells when the client stalls or goes away. One that is slow because it is not read from has
 * all the time it needs.
 */
export function watchBody(raw: IncomingMessage, { stallMs, interrupted }: Options): BodyWatch {
  const { socket } = raw
  const gone = Promise.withResolvers<never>()
  const watch = new AbortController()
  let bytes = socket.bytesRead
  let heard = performance.now()

  const timer = setInterval(() => {
    const waitsForClient = socket.bytesRead === bytes && raw.readableLength === 0
    if (raw.complete) clearInterval(timer)
    else if (!waitsForClient) heard = performance.now()
    else if (performance.now() - heard >= stallMs) end(requestTimedOut())
    bytes = socket.bytesRead
  }, stallMs / 4).unref()

  function end(reason: Failure) {
    clearInterval(timer)
    watch.abort(reason)
    gone.reject(watch.signal.reason)
  }

  const over = () => {
    clearInterval(timer)
    if (!raw.readableEnded) end(interrupted())
  }
  raw.once('error', over).once('close', over)
  gone.promise.catch(() => undefined)
  return { signal: watch.signal, until: (promise) => Promise.race([promise, gone.promise]) }
}
