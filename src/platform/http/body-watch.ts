import type { IncomingMessage } from 'node:http'
import type { Failure } from '#kernel/failure.ts'
import { requestTimedOut } from './refusals.ts'

type Options = {
  /** The milliseconds for which a client may send nothing while its body is waited for. Noticed up to a quarter later. */
  stallMs: number
  /** What is said of a client that went away before its body was complete. */
  interrupted: () => Failure
}

/**
 * For a route that streams its body: a signal that is aborted, with a Failure, when the rest of it will not come. A client that
 * is slow because it is not read from has all the time it needs.
 */
export function watchBody(raw: IncomingMessage, { stallMs, interrupted }: Options): AbortSignal {
  const { socket } = raw
  const watch = new AbortController()
  let bytes = socket.bytesRead
  let heard = performance.now()

  const timer = setInterval(() => {
    const waitsForClient = socket.bytesRead === bytes && raw.readableLength === 0
    if (raw.complete) clearInterval(timer)
    else if (!waitsForClient) heard = performance.now()
    else if (performance.now() - heard >= stallMs) watch.abort(requestTimedOut())
    bytes = socket.bytesRead
  }, stallMs / 4)
  watch.signal.addEventListener('abort', () => clearInterval(timer), { once: true })
  const over = () => {
    clearInterval(timer)
    if (!raw.readableEnded) watch.abort(interrupted())
  }
  raw.once('error', over).once('close', over)
  return watch.signal
}
