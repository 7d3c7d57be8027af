import { MOST_UNITS, type Unit } from './units.ts'

/** Words in a row that are compared as one: fewer are common to any two texts on a subject, more break with every difference of wording. */
export const WORDS = 4

/** What is kept of all materials together: 16 MiB. */
const MOST = 2 ** 21

/**
 * Every four words in a row as `hash * MOST_UNITS + unit`, ascending; the unit is the one in which the first of them stands, so that it does not
 * matter where a text is cut into units. Case, punctuation, accents that stand apart and the kind of apostrophe do not count. Of very long courses
 * a sample by hash is taken: equal words are then in it everywhere or nowhere.
 */
export function shinglesOf(units: readonly Unit[], most = MOST): Float64Array {
  let kept = new Float64Array(Math.min(most, 65_536))
  let count = 0
  let mask = 0

  function keep(hash: number, unit: number): void {
    if ((hash & mask) !== 0) return
    if (count === kept.length && count < most) kept = grown(kept, Math.min(most, count * 2))
    while (count === kept.length) {
      mask = mask * 2 + 1
      count = thin(kept, count, mask)
      if ((hash & mask) !== 0) return
    }
    kept[count++] = (hash >>> 0) * MOST_UNITS + unit
  }

  const hashes = new Int32Array(WORDS)
  const owners = new Int32Array(WORDS)
  let words = 0
  for (const [at, { material, texts }] of units.entries()) {
    if (units[at - 1]?.material !== material) words = 0
    for (const text of texts) {
      forEachWord(text, (hash) => {
        hashes[words % WORDS] = hash
        owners[words % WORDS] = at
        words += 1
        if (words >= WORDS) keep(joined(hashes, words % WORDS), owners[words % WORDS] ?? at)
      })
    }
  }
  return kept.subarray(0, count).sort()
}

function grown(kept: Float64Array, length: number): Float64Array<ArrayBuffer> {
  const larger = new Float64Array(length)
  larger.set(kept)
  return larger
}

function thin(kept: Float64Array, count: number, mask: number): number {
  let left = 0
  for (let at = 0; at < count; at++) {
    const key = kept[at] ?? 0
    if ((Math.floor(key / MOST_UNITS) & mask) === 0) kept[left++] = key
  }
  return left
}

/** MurmurHash3's steps (https://github.com/aappleby/smhasher/blob/master/src/MurmurHash3.cpp), from the oldest word on. */
function joined(hashes: Int32Array, oldest: number): number {
  let hash = WORDS
  for (let at = 0; at < WORDS; at++) {
    let word = Math.imul(hashes[(oldest + at) % WORDS] ?? 0, 0xcc9e2d51)
    word = Math.imul((word << 15) | (word >>> 17), 0x1b873593)
    hash ^= word
    hash = Math.imul((hash << 13) | (hash >>> 19), 5) + 0xe6546b64
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return hash ^ (hash >>> 16)
}

/** FNV-1a (http://www.isthe.com/chongo/tech/comp/fnv/) of each word. */
function forEachWord(text: string, take: (hash: number) => void): void {
  const { folded, isWord } = signs()
  const plain = MARKED.test(text) ? text.normalize('NFKC') : text
  let hash = START
  let length = 0
  for (let at = 0; at < plain.length; at++) {
    const code = folded[plain.charCodeAt(at)] ?? BETWEEN
    if (code > WITHIN && isWord[code] === 0) {
      hash = Math.imul(hash ^ code, 0x01000193)
      length += 1
      continue
    }
    if (code === WITHIN) continue
    if (length > 0) take(hash)
    hash = START
    length = 0
    if (code !== BETWEEN) take(Math.imul(hash ^ code, 0x01000193))
  }
  if (length > 0) take(hash)
}

const START = 0x811c9dc5 | 0
const BETWEEN = 0
const WITHIN = 1

/** Accents that stand apart, ligatures and wide forms. */
const MARKED = /[\u0300-\u036F\uFB00-\uFB06\uFF00-\uFFEF]/u

let known: { folded: Uint16Array; isWord: Uint8Array } | undefined

/** What each UTF-16 unit is to a word: its small letter, or whether it ends words or is passed over; and which is a word by itself. */
function signs(): { folded: Uint16Array; isWord: Uint8Array } {
  if (known !== undefined) return known
  const folded = new Uint16Array(65_536)
  const isWord = new Uint8Array(65_536)
  for (let code = 0; code < 65_536; code++) {
    const sign = String.fromCharCode(code)
    // The apostrophe of Ukrainian (U+02BC) is a letter to Unicode.
    if (/[\p{M}\p{Cf}'’‘ʼ`´]/u.test(sign)) folded[code] = WITHIN
    else if (/[\p{L}\p{N}\p{Cs}]/u.test(sign)) folded[code] = sign.toLowerCase().charCodeAt(0)
    // Scripts without gaps between words.
    if (/[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}]/u.test(sign)) isWord[code] = 1
  }
  known = { folded, isWord }
  return known
}
