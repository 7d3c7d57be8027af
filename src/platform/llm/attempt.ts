import type {
  LanguageModelV4CallOptions,
  LanguageModelV4FinishReason,
  LanguageModelV4StreamPart,
} from '@ai-sdk/provider'
import type { Adapter } from './adapters/adapter.ts'
import { createOneRequest, Flood, Silence, type WireLimits } from './adapters/one-request.ts'
import type { Model } from './registry.ts'
import { type Fault, faultOf } from './router-fault.ts'
import type { Meter } from './router-meter.ts'

export type AttemptLimits = WireLimits & {
  /** Milliseconds of a whole attempt. */
  attemptMs: number
  /** Of an answer, with the thoughts that are shown. */
  maxCharacters: number
}

/** What came back: the whole of an answer, or why there is none. `text` is what there is of it in any case. */
export type Reception = { text: string } & ({ finish: LanguageModelV4FinishReason } | { fault: Fault })

type Sending = {
  adapter: Adapter
  model: Model
  options: LanguageModelV4CallOptions
  meter: Meter
  limits: AttemptLimits
  now: () => Date
  signal: AbortSignal
}

/** One request and its stream of an answer, until that is finished, breaks off or takes too long. Never throws. */
export async function send({ adapter, model, options, meter, limits, now, signal }: Sending): Promise<Reception> {
  const cut = new AbortController()
  const either = AbortSignal.any([signal, cut.signal])
  const wire = createOneRequest(limits, (reason) => cut.abort(reason))
  const wholeTime = setTimeout(() => cut.abort(new Silence('The answer takes too long.')), limits.attemptMs)
  let text = ''
  let characters = 0
  let failure: { error: unknown } | undefined
  let finish: LanguageModelV4FinishReason | undefined

  function take(part: LanguageModelV4StreamPart) {
    if (part.type === 'raw') meter.event(part.rawValue)
    else if (part.type === 'error') failure ??= { error: part.error }
    else if (part.type === 'text-delta' || part.type === 'reasoning-delta') {
      meter.received(part.delta)
      characters += part.delta.length
      if (characters > limits.maxCharacters) cut.abort(new Flood('The answer is too long.'))
      else if (part.type === 'text-delta') text += part.delta
    } else if (part.type === 'finish') {
      finish = part.finishReason
      if (failure === undefined && !brokeOff(finish)) meter.reported(part.usage)
    }
  }

  try {
    either.throwIfAborted()
    meter.sent()
    const streaming = adapter
      .model(model, wire.fetch)
      .doStream({ ...options, abortSignal: either, includeRawChunks: true })
    const { stream } = await endingWith(either, streaming)
    const reader = stream.getReader()
    const stop = () => void reader.cancel(either.reason).catch(() => {})
    either.addEventListener('abort', stop, { once: true })
    while (finish === undefined && !either.aborted) {
      const { done, value } = await reader.read()
      if (done) break
      take(value)
    }
    either.removeEventListener('abort', stop)
    stop()
  } catch (error) {
    failure ??= { error }
  } finally {
    clearTimeout(wholeTime)
    wire.stop()
  }

  if (finish !== undefined && !brokeOff(finish) && failure === undefined) {
    // DeepSeek's, for one, when it runs out of resources in the middle.
    return finish.unified === 'error' ? { text, fault: BROKEN_THERE } : { text, finish }
  }
  // Whatever an interrupted request says of itself, this is why it was interrupted.
  if (signal.aborted) return { text, fault: { outcome: 'aborted', passes: false, isFree: !wire.isSent() } }
  if (cut.signal.aborted) return { text, fault: faultOf(cut.signal.reason, true, now()) }
  // And what the packages say of a stream that broke off is not what happened, unless the provider has said it.
  const fault = failure === undefined ? BROKEN_ON_THE_WAY : faultOf(failure.error, wire.isSent(), now())
  return { text, fault: wire.isBroken() && fault.status === undefined ? BROKEN_ON_THE_WAY : fault }
}

const BROKEN_ON_THE_WAY: Fault = { outcome: 'network', passes: true, isFree: false }
const BROKEN_THERE: Fault = { outcome: 'server_error', passes: true, isFree: false }

/** The packages' words for a stream that ended without the provider's own last word. */
const brokeOff = ({ unified, raw }: LanguageModelV4FinishReason) =>
  raw === undefined && ['interrupted', 'other', 'error'].includes(unified)

/** The promise, or the signal's reason as soon as it is aborted. */
async function endingWith<T>(signal: AbortSignal, promise: PromiseLike<T>): Promise<T> {
  let stop = () => {}
  const aborted = new Promise<never>((_, reject) => {
    stop = () => reject(signal.reason)
    signal.addEventListener('abort', stop, { once: true })
  })
  try {
    return await Promise.race([promise, aborted])
  } finally {
    signal.removeEventListener('abort', stop)
  }
}
