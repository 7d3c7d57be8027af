import type { Fetch } from './adapter.ts'

export type WireLimits = {
  /** Milliseconds until the response begins, and of silence in it. */
  firstByteMs: number
  silenceMs: number
  /** Of a whole response, with all that the wire format puts around its text. */
  maxBytes: number
}

/** The provider was silent for too long. */
export class Silence extends Error {}

/** The provider sends more than any answer has. */
export class Flood extends Error {}

/**
 * A `fetch` for one request, as one attempt is accounted for: packages that continue a long answer with another request are stopped. It
 * follows no redirect, which would carry the key elsewhere. `cut` is called with a Silence or a Flood, and has to end the request. `send`
 * is another `fetch` than the runtime's.
 */
export function createOneRequest(limits: WireLimits, cut: (reason: Error) => void, send?: Fetch) {
  let isSent = false
  let isBroken = false
  let timer: NodeJS.Timeout | undefined

  function expectWithin(ms: number) {
    clearTimeout(timer)
    timer = setTimeout(() => cut(new Silence('The provider is silent.')), ms)
  }

  /**
   * The body, which ends where it breaks off: streams forget what they hold when they fail, and what came is billed. That the answer has
   * no end is seen all the same.
   */
  function watched(body: ReadableStream<Uint8Array>): ReadableStream<Uint8Array> {
    const reader = body.getReader()
    let bytes = 0
    return new ReadableStream<Uint8Array>({
      async start(controller) {
        try {
          for (let next = await reader.read(); !next.done; next = await reader.read()) {
            bytes += next.value.byteLength
            if (bytes > limits.maxBytes) return cut(new Flood('The response is too long.'))
            expectWithin(limits.silenceMs)
            controller.enqueue(next.value)
          }
        } catch {
          isBroken = true
        } finally {
          close(controller)
        }
      },
      cancel: (reason) => reader.cancel(reason),
    })
  }

  const fetchOnce: Fetch = async (url, init) => {
    if (isSent) throw new Error('One attempt is one request.')
    isSent = true
    expectWithin(limits.firstByteMs)
    // A connection of its own: one that was kept may have been closed on the other side meanwhile, and whether the request that meets that
    // was billed cannot be known.
    const requestHeaders = new Headers(init?.headers)
    requestHeaders.set('connection', 'close')
    const response = await (send ?? fetch)(url, { ...init, headers: requestHeaders, redirect: 'error' })
    expectWithin(limits.silenceMs)
    const { status, statusText, headers, body } = response
    return new Response(body === null ? null : watched(body), { status, statusText, headers })
  }

  return { fetch: fetchOnce, isSent: () => isSent, isBroken: () => isBroken, stop: () => clearTimeout(timer) }
}

function close(controller: ReadableStreamDefaultController) {
  try {
    controller.close()
  } catch {
    // Nobody reads it any more.
  }
}
