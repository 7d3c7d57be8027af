import type {
  LanguageModelV4CallOptions,
  LanguageModelV4FinishReason,
  LanguageModelV4StreamPart,
} from '@ai-sdk/provider'
import type { Adapter } from '../adapters/adapter.ts'
import { Flood } from '../adapters/one-request.ts'
import type { Model } from '../registry.ts'
import { type Sending, underWay, type Wire } from './attempt-request.ts'
import type { Fault } from './fault.ts'
import type { Meter } from './meter.ts'

/** What came back: the whole of an answer, or why there is none. `text` is what there is of it in any case. */
export type Reception = { text: string } & ({ finish: LanguageModelV4FinishReason } | { fault: Fault })

type Asking = Sending & {
  adapter: Adapter
  model: Model
  options: LanguageModelV4CallOptions
  meter: Meter
}

/** One request and its stream of an answer, until that is finished, breaks off or takes too long. Never throws. */
export async function send({ adapter, model, options, meter, ...sending }: Asking): Promise<Reception> {
  const { maxCharacters } = sending.limits
  let text = ''
  let characters = 0
  let failure: { error: unknown } | undefined
  let finish: LanguageModelV4FinishReason | undefined

  function take(part: LanguageModelV4StreamPart, { cut }: Wire) {
    if (part.type === 'raw') meter.event(part.rawValue)
    else if (part.type === 'error') failure ??= { error: part.error }
    else if (part.type === 'text-delta' || part.type === 'reasoning-delta') {
      meter.received(part.delta)
      characters += part.delta.length
      if (characters > maxCharacters) cut(new Flood('The answer is too long.'))
      else if (part.type === 'text-delta') text += part.delta
    } else if (part.type === 'finish') {
      finish = part.finishReason
      if (failure === undefined && !brokeOff(finish)) meter.reported(part.usage)
    }
  }

  async function read(wire: Wire): Promise<void> {
    const { signal } = wire
    meter.sent()
    const streaming = adapter
      .model(model, wire.fetch)
      .doStream({ ...options, abortSignal: signal, includeRawChunks: true })
    const { stream } = await endingWith(signal, streaming)
    const reader = stream.getReader()
    const stop = () => void reader.cancel(signal.reason).catch(() => {})
    signal.addEventListener('abort', stop, { once: true })
    while (finish === undefined && !signal.aborted) {
      const { done, value } = await reader.read()
      if (done) break
      take(value, wire)
    }
    signal.removeEventListener('abort', stop)
    stop()
  }

  const end = await underWay(sending, async (wire) => {
    await read(wire).catch((error: unknown) => {
      failure ??= { error }
    })
    if (failure !== undefined) throw failure.error
    return finish === undefined || brokeOff(finish) ? undefined : finish
  })
  if ('fault' in end) return { text, fault: end.fault }
  // DeepSeek's, for one, when it runs out of resources in the middle.
  return end.value.unified === 'error' ? { text, fault: BROKEN_THERE } : { text, finish: end.value }
}

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
