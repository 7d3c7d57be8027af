import { encodedIn, skeleton } from './appearance.ts'
import type { Span } from './quotes.ts'

type Secret = {
  /** In order. */
  words: readonly string[]
  /** So many of them in a row are too many. */
  limit: number
  /** Texts that are no secret. */
  known: readonly string[]
}

/** Letters and digits of a run that is worth a disguise: shorter ones stand anywhere by chance. */
const SHORTEST = 6
/** A run of so many may begin and end within a word, if it has three of the secret's. */
const LONG = 24

/** Bounds of the comparison: of a beginning that stands everywhere its first places are enough, and a longer run is a second one. */
const MOST_PLACES = 20
const MOST_LETTERS = 400

/**
 * The passages in which a secret's words stand in disguise: spelled out or run together, in letters that look alike, with invisible ones
 * between them, backwards as a whole or word by word, the last word first, or encoded. Only letters and digits are compared, as they look.
 */
export function disguisesOf(text: string, secret: Secret): Span[] {
  const sought = searchFor(secret)
  const look = (text: string) => viewsOf(bareOf(text)).flatMap(sought)
  const encoded = encodedIn(text, { least: 8, most: Number.POSITIVE_INFINITY }).filter(
    (blob) => look(blob.text).length > 0,
  )
  return [...look(text), ...encoded.map(({ start, end }) => ({ start, end }))]
}

/** Letters and digits of a text as they look, where each stands, and whether a word begins there. */
type Bare = { letters: string[]; spans: Span[]; begins: boolean[] }

function bareOf(text: string): Bare {
  const bare: Bare = { letters: [], spans: [], begins: [] }
  const known = new Map<string, string>()
  let begins = true
  for (const { 0: sign, index } of text.matchAll(/\P{M}\p{M}*|\p{M}+/gu)) {
    const isInvisible = INVISIBLE.test(sign)
    const plain = known.get(sign) ?? (isInvisible ? '' : skeleton(sign).replace(/[^\p{L}\p{N}]/gu, ''))
    known.set(sign, plain)
    if (plain === '' && !isInvisible) begins = true
    for (const letter of plain) {
      bare.letters.push(letter)
      bare.spans.push({ start: index, end: index + sign.length })
      bare.begins.push(begins)
      begins = false
    }
  }
  return bare
}

// What draws nothing, and the apostrophes within a word.
const INVISIBLE = /^(?:\p{Default_Ignorable_Code_Point}+|['’ʼ‘`´′＇])$/u

/** A text in one of the orders in which it can be read: of each letter its place in `bare`. */
type View = { text: string; spans: Span[]; begins: boolean[] }

function viewsOf(bare: Bare): View[] {
  const words: number[][] = []
  bare.begins.forEach((begins, at) => void (begins ? words.push([at]) : words.at(-1)?.push(at)))
  const backwards = words.map((word) => word.toReversed())
  return [words, backwards, words.toReversed(), backwards.toReversed()].map((order) => {
    const places = order.flat()
    return {
      text: places.map((at) => units(bare.letters[at])).join(''),
      spans: places.flatMap((at) => bare.spans[at] ?? []),
      begins: [...order.flatMap((word) => word.map((_, at) => at === 0)), true],
    }
  })
}

// One unit a letter, so that places agree; what is beyond is rare enough.
const units = (letter = '') => (letter.length === 1 ? letter : '\uFFFD')

const bareText = (text: string) => bareOf(text).letters.map(units).join('')

function searchFor({ words, limit, known }: Secret): (view: View) => Span[] {
  const bare = words.map(bareText).filter((word) => word !== '')
  const secret = bare.join('')
  let end = 0
  const ends = bare.map((word) => (end += word.length))
  const places = new Map<string, number[]>()
  ends.forEach((_, index) => {
    const start = ends[index - 1] ?? 0
    const key = secret.slice(start, start + SHORTEST)
    if (key.length < SHORTEST) return
    const same = places.get(key)
    if (same === undefined) places.set(key, [index])
    else if (same.length < MOST_PLACES) same.push(index)
  })
  let allowed: string[] | undefined
  const isKnown = (run: string) => {
    allowed ??= known.map(bareText)
    return allowed.some((text) => text.includes(run))
  }

  return ({ text, spans, begins }) => {
    const found: Span[] = []
    for (let at = 0; at + SHORTEST <= text.length; ) {
      const length = longestAt(text, begins, at)
      if (length > 0 && !isKnown(text.slice(at, at + length))) found.push(around(spans.slice(at, at + length)))
      at += Math.max(1, length)
    }
    return found
  }

  /** Letters of the longest run of the secret's words that begins here and is long enough; 0 when there is none. */
  function longestAt(text: string, begins: readonly boolean[], at: number): number {
    let longest = 0
    for (const first of places.get(text.slice(at, at + SHORTEST)) ?? []) {
      const start = ends[first - 1] ?? 0
      let common = SHORTEST
      while (common < MOST_LETTERS && at + common < text.length && text[at + common] === secret[start + common])
        common++
      for (let last = first + limit - 1; last < ends.length; last++) {
        const length = (ends[last] ?? 0) - start
        if (length > common) break
        const isWhole = begins[at] && begins[at + length]
        if (length >= SHORTEST && (isWhole || (length >= LONG && last - first >= 2)))
          longest = Math.max(longest, length)
      }
    }
    return longest
  }
}

const around = (spans: readonly Span[]): Span => ({
  start: spans.reduce((least, { start }) => Math.min(least, start), Number.POSITIVE_INFINITY),
  end: spans.reduce((most, { end }) => Math.max(most, end), 0),
})
