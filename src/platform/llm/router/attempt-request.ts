import type { Fetch } from '../adapters/adapter.ts'
import { createOneRequest, Silence, type WireLimits } from '../adapters/one-request.ts'
import { type Fault, faultOf } from './fault.ts'

export type AttemptLimits = WireLimits & {
  /** Milliseconds of a whole attempt. */
  attemptMs: number
  /** Of an answer, with the thoughts that are shown. */
  maxCharacters: number
}

export type Sending = {
  limits: AttemptLimits
  now: () => Date
  signal: AbortSignal
  /** In place of the runtime's. */
  fetch?: Fetch
}

/** What a request is made with. `signal` ends it at its deadline, too; `cut` does so for another reason. */
export type Wire = { fetch: Fetch; signal: AbortSignal; isBroken: () => boolean; cut: (reason: Error) => void }

/**
 * One request, until it is finished, breaks off or takes too long. `run` gives what it came to; when it throws, or gives undefined as there
 * was no end, this says why. Never throws.
 */
export async function underWay<T>(
  { limits, now, signal, fetch }: Sending,
  run: (wire: Wire) => Promise<T | undefined>,
): Promise<{ value: T } | { fault: Fault }> {
  const cut = new AbortController()
  const either = AbortSignal.any([signal, cut.signal])
  const wire = createOneRequest(limits, (reason) => cut.abort(reason), fetch)
  const wholeTime = setTimeout(() => cut.abort(new Silence('The answer takes too long.')), limits.attemptMs)
  let failure: { error: unknown } | undefined
  try {
    either.throwIfAborted()
    const { fetch, isBroken } = wire
    const value = await run({ fetch, isBroken, signal: either, cut: (reason) => cut.abort(reason) })
    if (value !== undefined) return { value }
  } catch (error) {
    failure = { error }
  } finally {
    clearTimeout(wholeTime)
    wire.stop()
  }

  // Whatever an interrupted request says of itself, this is why it was interrupted.
  if (signal.aborted) return { fault: { outcome: 'aborted', passes: false, isFree: !wire.isSent() } }
  if (cut.signal.aborted) return { fault: faultOf(cut.signal.reason, true, now()) }
  // And what the packages say of a stream that broke off is not what happened, unless the provider has said it.
  const fault = failure === undefined ? BROKEN_ON_THE_WAY : faultOf(failure.error, wire.isSent(), now())
  return { fault: wire.isBroken() && fault.status === undefined ? BROKEN_ON_THE_WAY : fault }
}

const BROKEN_ON_THE_WAY: Fault = { outcome: 'network', passes: true, isFree: false }
