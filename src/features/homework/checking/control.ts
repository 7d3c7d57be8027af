import { randomInt } from 'node:crypto'
import type { Criterion } from '#features/structure/index.ts'
import { folded } from '../grading/folding.ts'
import { languageOf } from '../grading/language.ts'

/** A criterion that no answer fulfils. Nobody could know it when the answer was written. */
export type Control = { id: string; word: string }

type Asked = Pick<Criterion, 'id' | 'text'>

/** A whole number from 0, less than this. */
type Random = (below: number) => number

/**
 * Puts a control among criteria, in a random place and with an id that looks like theirs: that the answer has a word which is none, and which
 * stands in none of `texts`. A model that calls it met does not read but obey.
 */
export function withControl(
  criteria: readonly Asked[],
  texts: readonly string[],
  random: Random = (below) => randomInt(below),
): { criteria: Asked[]; control: Control } {
  const { sentence, ...signs } = WORDS[languageOf(null, criteria.map(({ text }) => text).join(' '))]
  const all = folded([...texts, ...criteria.map(({ text }) => text)].join('\n'))
  let word = drawWord(signs, random)
  while (all.includes(folded(word))) word = drawWord(signs, random)
  const control = { id: drawId(criteria, random), word }
  const place = random(criteria.length + 1)
  return { criteria: criteria.toSpliced(place, 0, { id: control.id, text: sentence(word) }), control }
}

const WORDS = {
  uk: { consonants: 'бвгдзклмнпрст', vowels: 'аеиоу', sentence: (word: string) => `Відповідь містить слово «${word}»` },
  en: {
    consonants: 'bdfgklmnprstvz',
    vowels: 'aeiou',
    sentence: (word: string) => `The answer contains the word “${word}”`,
  },
}

const SYLLABLES = 4

function drawWord({ consonants, vowels }: { consonants: string; vowels: string }, random: Random): string {
  const syllables = Array.from({ length: SYLLABLES }, () => drawn(consonants, random) + drawn(vowels, random))
  return syllables.join('') + drawn(consonants, random)
}

/** One that none of the others has. */
function drawId(criteria: readonly Asked[], random: Random): string {
  for (let tries = 0; ; tries++) {
    const other = criteria[random(criteria.length)]?.id ?? ''
    const id = similar(other, random) + (tries < ENOUGH ? '' : random(1_000))
    if (criteria.every((one) => one.id !== id)) return id
  }
}

// Where ids leave no room for another of their form.
const ENOUGH = 50

/** `c2` → `c57`; of other ids each letter and digit is another one of its kind. */
function similar(id: string, random: Random): string {
  const [, name, number] = /^(\D*)(\d{1,3})$/.exec(id) ?? []
  if (name !== undefined && number !== undefined) return name + (1 + random(10 ** Math.max(2, number.length) - 1))
  const isHexadecimal = /^[\da-f-]{8,}$/.test(id)
  return id.replace(/[\p{L}\p{N}]/gu, (sign) => {
    const kind = isHexadecimal ? '0123456789abcdef' : KINDS.find((signs) => signs.includes(sign))
    return kind === undefined ? sign : drawn(kind, random)
  })
}

const LATIN = 'abcdefghijklmnopqrstuvwxyz'
const UKRAINIAN = 'абвгґдеєжзиіїйклмнопрстуфхцчшщьюя'
const KINDS = ['0123456789', LATIN, LATIN.toUpperCase(), UKRAINIAN, UKRAINIAN.toUpperCase()]

const drawn = (signs: string, random: Random) => signs.charAt(random(signs.length))
