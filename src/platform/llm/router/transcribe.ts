import { patientFetch } from '../adapters/patient-fetch.ts'
import type { Recording } from '../llm.ts'
import type { PriceOf } from '../registry/price-list.ts'
import { soundUsage } from '../usage.ts'
import type { Asked, Trial } from './attempt.ts'
import { type AttemptLimits, underWay, type Wire } from './attempt-request.ts'
import { mostCostOfSound } from './price.ts'
import { readTimedTexts } from './timed-texts.ts'

export type SoundLimits = AttemptLimits & {
  /** Milliseconds of a whole attempt, beside half of the sound's own length. */
  soundMs: number
}

type Deps = { priceOf: PriceOf; now: () => Date; limits: SoundLimits }

/** OpenAI takes 25 MiB of a whole request: https://help.openai.com/en/articles/7031512-whisper-api-faq. */
const MOST_BYTES = 25_000_000

/** Of a response: an hour of speech has about 1500 segments, of which each may list its tokens. */
const MOST_ANSWER_BYTES = 16 * 1024 * 1024

/** A recording for one model. Throws a RangeError for one that no provider takes. */
export function prepareRecording(
  recording: Recording,
  { adapter, place: { model } }: Asked,
  { priceOf, now, limits, at }: Deps & { at: Date },
): Trial {
  const { bytes, mediaType, milliseconds, signal } = recording
  const { transcribe } = adapter
  if (transcribe === undefined) throw new Error(`Nothing can be transcribed by ${model.provider}.`)
  if (bytes.byteLength === 0 || bytes.byteLength > MOST_BYTES) throw new RangeError('A recording has a byte to 25 MB.')
  if (!Number.isSafeInteger(milliseconds) || milliseconds <= 0)
    throw new RangeError('A recording lasts whole milliseconds.')

  const deadlineMs = limits.soundMs + Math.ceil(milliseconds / 2)
  // Nothing comes before all of it has been heard.
  const patience = { ...limits, attemptMs: deadlineMs, firstByteMs: deadlineMs, maxBytes: MOST_ANSWER_BYTES }
  let reported: number | undefined

  async function send(wire: Wire): Promise<string> {
    const answer = await transcribe?.(model, { bytes, mediaType }, wire)
    wire.signal.throwIfAborted()
    if (wire.isBroken() || answer === undefined) throw new Error('The response broke off.')
    return answer
  }

  return {
    estimated: soundUsage(milliseconds, undefined).usage,
    maxCostNanoUsd: mostCostOfSound({ model, at, milliseconds }, priceOf),
    deadlineMs,
    meter: { hasBegun: () => reported !== undefined, spent: () => soundUsage(milliseconds, reported) },
    async run() {
      const end = await underWay({ limits: patience, now, signal, fetch: patientFetch }, send)
      if ('fault' in end) return { result: { outcome: end.fault.outcome, text: '', fault: end.fault } }
      const { seconds, ...reading } = readTimedTexts(end.value, milliseconds)
      reported = seconds
      if ('complaint' in reading) return { result: { outcome: 'malformed', text: '', complaints: [reading.complaint] } }
      return { result: { outcome: 'answered', text: '', output: reading.segments } }
    },
  }
}
