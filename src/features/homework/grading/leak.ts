import { disguisesOf } from './disguise.ts'
import { fold } from './folding.ts'
import type { Span } from './quotes.ts'

/** Words in a row that are the reference solution's own. Shorter runs are how people speak of a subject. */
const LONGEST_RUN = 8
/** Of a short solution, this share of its words is a leak already, from so many words on; of a shorter one, the whole. */
const SHARE = 0.5
const FEWEST = 4

/** Bounds of the comparison: of a word that stands everywhere its first places are enough, and a longer run is a second one. */
const MOST_PLACES = 200
const MOST_WORDS = 60

/**
 * The passages of a feedback that give the reference solution away: runs of words that stand in it in the same order, unless the student wrote
 * them or the task says them (`known`). Punctuation, case and typography do not count, nor does a disguise (`disguise.ts`). In order, and apart.
 * A solution in other words is not found.
 */
export function leaksOf(feedback: string, solution: string, known: readonly string[]): Span[] {
  const secret = wordsOf(solution).map(({ word }) => word)
  if (!isSecret(secret)) return []
  const limit = Math.min(LONGEST_RUN, Math.max(Math.min(FEWEST, secret.length), Math.ceil(secret.length * SHARE)))
  return apart([
    ...copiesOf(feedback, { words: secret, limit, known }),
    ...disguisesOf(feedback, { words: secret, limit, known }),
  ])
}

type Secret = { words: readonly string[]; limit: number; known: readonly string[] }

function copiesOf(feedback: string, { words: secret, limit, known }: Secret): Span[] {
  const said = wordsOf(feedback)
  const places = placesOf(secret)
  const allowed = known.map((text) => phrase(wordsOf(text)))
  const leaks: Span[] = []
  for (let at = 0; at < said.length; ) {
    const length = longestAt(said, at, secret, places)
    if (length < limit) {
      at++
      continue
    }
    const run = said.slice(at, at + length)
    const [first, last] = [run[0], run.at(-1)]
    const isKnown = allowed.some((text) => text.includes(phrase(run)))
    if (first && last && !isKnown) leaks.push({ start: first.start, end: last.end })
    at += length
  }
  return leaks
}

function apart(spans: readonly Span[]): Span[] {
  const merged: Span[] = []
  for (const { start, end } of spans.toSorted((a, b) => a.start - b.start)) {
    const last = merged.at(-1)
    if (last !== undefined && start < last.end) last.end = Math.max(last.end, end)
    else merged.push({ start, end })
  }
  return merged
}

/** The feedback without the sentences that leak. */
export function withoutLeaks(feedback: string, leaks: readonly Span[]): string {
  const sentences = [...new Intl.Segmenter(undefined, { granularity: 'sentence' }).segment(feedback)]
  return sentences
    .filter(({ index, segment }) => !leaks.some(({ start, end }) => start < index + segment.length && index < end))
    .map(({ segment }) => segment)
    .join('')
    .trim()
}

type Word = Span & { word: string }

function wordsOf(text: string): Word[] {
  const { text: plain, from, to } = fold(text)
  return [...plain.matchAll(/[\p{L}\p{M}\p{N}_]+/gu)].map(({ 0: word, index }) => ({
    word,
    start: from[index] ?? 0,
    end: to[index + word.length - 1] ?? text.length,
  }))
}

const phrase = (words: readonly Word[]) => ` ${words.map(({ word }) => word).join(' ')} `

// A solution that is one small word ("yes", "a") is in every second sentence.
const isSecret = (words: readonly string[]) => words.length > 1 || /\p{N}|..../u.test(words[0] ?? '')

function placesOf(words: readonly string[]): Map<string, number[]> {
  const places = new Map<string, number[]>()
  words.forEach((word, at) => {
    const known = places.get(word)
    if (known === undefined) places.set(word, [at])
    else if (known.length < MOST_PLACES) known.push(at)
  })
  return places
}

function longestAt(said: readonly Word[], at: number, secret: readonly string[], places: Map<string, number[]>) {
  let longest = 0
  const most = Math.min(said.length - at, MOST_WORDS)
  for (const place of places.get(said[at]?.word ?? '') ?? []) {
    let length = 1
    while (length < most && said[at + length]?.word === secret[place + length]) length++
    longest = Math.max(longest, length)
  }
  return longest
}
