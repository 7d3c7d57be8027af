import { IncomingMessage } from 'node:http'
import { Readable } from 'node:stream'

/** Takes a chunk, valid for good. A promise holds the source up until it resolves. */
export type Take = (chunk: Uint8Array) => Promise<void> | undefined

/**
 * Gives every chunk of a body to `take` and resolves at its end. Rejects with the source's error, that of `take`, or the signal's
 * reason as soon as it is aborted, even while the source is silent. A stream is then left paused, not destroyed: it may be a
 * request whose answer goes over the same socket.
 */
export function drain(body: AsyncIterable<Uint8Array>, take: Take, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.reject(signal.reason)
  return body instanceof Readable ? drainStream(body, take, signal) : drainIterable(body, take, signal)
}

// By events: an async iterator makes several promises of every 64 KiB.
function drainStream(body: Readable, take: Take, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    let held: Promise<void> | undefined
    let over = false
    const owned = body instanceof IncomingMessage

    function settle(finish: () => void) {
      if (over) return
      over = true
      body.off('data', onData).off('end', onEnd).off('close', onClose)
      signal.removeEventListener('abort', onAbort)
      finish()
    }
    // The listener of errors stays: a stream that nobody listens to any more must not end the process when it breaks later.
    const fail = (error: unknown) =>
      settle(() => {
        body.pause()
        reject(error)
      })
    const onAbort = () => fail(signal.reason)
    const onEnd = () => (held ? void held.then(() => settle(resolve), fail) : settle(resolve))
    const onClose = () => {
      if (!body.readableEnded) fail(body.errored ?? new Error('The body was closed before its end.'))
    }
    function onData(chunk: Uint8Array) {
      if (over) return
      try {
        held = take(chunk)
      } catch (error) {
        return fail(error)
      }
      if (!held && owned) release(chunk)
      if (!held) return
      body.pause()
      held.then(() => {
        held = undefined
        if (!over) body.resume()
      }, fail)
    }

    body.on('error', fail)
    if (body.readableEnded) return settle(resolve)
    if (body.destroyed) return onClose()
    signal.addEventListener('abort', onAbort, { once: true })
    body.on('end', onEnd).on('close', onClose).on('data', onData)
    body.resume()
  })
}

function drainIterable(body: AsyncIterable<Uint8Array>, take: Take, signal: AbortSignal): Promise<void> {
  const source = body[Symbol.asyncIterator]()
  return new Promise((resolve, reject) => {
    let over = false

    function fail(error: unknown) {
      if (over) return
      over = true
      signal.removeEventListener('abort', onAbort)
      void leave(source)
      reject(error)
    }
    const onAbort = () => fail(signal.reason)
    async function run() {
      while (!over) {
        const { done, value } = await source.next()
        if (over) return
        if (done) break
        const held = take(value)
        if (held) await held
      }
      signal.removeEventListener('abort', onAbort)
      resolve()
    }

    signal.addEventListener('abort', onAbort, { once: true })
    run().catch(fail)
  })
}

/**
 * Frees a chunk's memory now. Left to the collector, which sees little of it, some 50 MB of chunks are garbage at any time. Only for
 * chunks that are nobody else's.
 */
function release({ buffer, byteLength }: Uint8Array): void {
  if (buffer.byteLength === byteLength && buffer instanceof ArrayBuffer) buffer.transfer(0)
}

/** Lets the source clean up. Not awaited: a source that is silent answers this only after its next chunk. */
async function leave(source: AsyncIterator<Uint8Array>): Promise<void> {
  try {
    await source.return?.()
  } catch {
    // Its chunks are no longer wanted, and neither is its error.
  }
}
