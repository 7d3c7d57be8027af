import type { TimedText } from '../llm.ts'

type Reading = ({ segments: TimedText[] } | { complaint: string }) & {
  /** How long the provider says it was listening. */
  seconds: number | undefined
}

/** Whisper listens in windows of 30 s, the last one padded with silence, and may end what it heard there: https://github.com/openai/whisper. */
const WINDOW_SECONDS = 30

/** By which times of different programs differ: where a piece ends, what overlaps. */
const TOLERANCE_SECONDS = 1

/**
 * What a `verbose_json` says was said and when, in a piece of that length:
 * https://developers.openai.com/api/docs/api-reference/audio/verbose-json-object. Times a little beyond the piece are brought back into it;
 * empty texts are left out. A model that falls into a loop says more than anybody can.
 */
export function readTimedTexts(body: string, milliseconds: number): Reading {
  const answer = objectOf(parse(body))
  const seconds = secondsOf(answer)
  const wrong = (complaint: string): Reading => ({ complaint, seconds })
  const { segments, text } = answer
  if (!Array.isArray(segments)) return wrong('It has no segments.')

  const length = milliseconds / 1000
  const found: TimedText[] = []
  let latest = 0
  let characters = 0
  for (const [index, segment] of segments.entries()) {
    const { start, end, text } = objectOf(segment)
    if (!isTime(start) || !isTime(end) || typeof text !== 'string') return wrong(`Segment ${index} is none.`)
    if (start < latest - TOLERANCE_SECONDS || end < start) return wrong(`Segment ${index} is out of order.`)
    if (start > length + TOLERANCE_SECONDS || end > length + WINDOW_SECONDS)
      return wrong(`Segment ${index} is not within the piece.`)
    latest = Math.max(latest, start)
    const words = wordsOf(text)
    characters += words.length
    if (isTooMuch(words.length, end - start) || isTooMuch(characters, length))
      return wrong(`Segment ${index} has more words than can be said.`)
    if (words === '') continue
    const from = Math.min(latest, length)
    found.push({ start: rounded(from), end: rounded(Math.max(from, Math.min(end, length))), text: words })
  }
  // What is said without a time cannot be cited.
  if (found.length === 0 && typeof text === 'string' && wordsOf(text) !== '') return wrong('Its text has no times.')
  return { segments: found, seconds }
}

/** The fastest speakers say 25 characters a second; texts of a moment have their times badly. */
const isTooMuch = (characters: number, seconds: number) => characters > 300 + 50 * seconds

/** Without what PostgreSQL cannot hold. */
const wordsOf = (text: string) => text.replaceAll('\u0000', '').toWellFormed().replace(/\s+/g, ' ').trim()

/** To milliseconds: many times come as 32-bit floats. */
const rounded = (seconds: number) => Math.round(seconds * 1000) / 1000

const isTime = (value: unknown): value is number =>
  typeof value === 'number' && value >= -TOLERANCE_SECONDS && value < 1e6

/** OpenAI tells the sound's length and the whole seconds that it bills; some servers write numbers as strings. */
function secondsOf({ duration, usage }: Record<string, unknown>): number | undefined {
  const told = [duration, objectOf(usage)['seconds']].map((value) =>
    typeof value === 'string' && /^\d{1,9}(\.\d{1,20})?$/.test(value) ? Number(value) : value,
  )
  const known = told.filter((value) => typeof value === 'number' && Number.isFinite(value) && value > 0) as number[]
  return known.length === 0 ? undefined : Math.max(...known)
}

function parse(body: string): unknown {
  try {
    return JSON.parse(body)
  } catch {
    return undefined
  }
}

const objectOf = (value: unknown): Record<string, unknown> =>
  typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
