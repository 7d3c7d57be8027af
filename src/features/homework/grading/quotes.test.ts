import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { fold } from './folding.ts'
import { quotesIn } from './quotes.ts'

const find = (answer: string, quote: string) =>
  quotesIn(answer)(quote).map(({ start, end }) => answer.slice(start, end))

describe('folding', () => {
  test.each([
    ['  Два\t\n слова ', 'два слова'],
    ['м’ята мʼята м`ята м＇ята', "м'ята м'ята м'ята м'ята"],
    ['«Так» — “ні”', '"так" - "ні"'],
    ['и\u0306 і\u0308', 'й ї'],
    ['ﬁле', 'fiле'],
    ['😀', '😀'],
    [' \n ', ''],
  ])('%j', (text, folded) => expect(fold(text).text).toBe(folded))

  test('knows where everything comes from', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const { text: folded, from, to } = fold(text)
        expect([from.length, to.length]).toEqual([folded.length, folded.length])
        for (let at = 0; at < folded.length; at++) {
          const [start = -1, end = -1] = [from[at], to[at]]
          expect(start).toBeLessThan(end)
          expect(start).toBeGreaterThanOrEqual(from[at - 1] ?? 0)
          expect(end).toBeLessThanOrEqual(text.length)
        }
      }),
    )
  })
})

const ALPHABET = [...'абвгґдеєжзиіїйклмнопрстуфхцчшщьюяabcdefghijklmnopqrstuvwxyz0123456789']
const word = fc.string({ unit: fc.constantFrom(...ALPHABET, "'", '-', '"'), minLength: 1, maxLength: 9 })
const text = fc.array(word, { minLength: 12, maxLength: 60 }).map((words) => `ж${words.join(' ')}ж`)

/** What a model may make of words that it copies. */
const copied = (quote: string, choices: readonly number[]) =>
  [...quote]
    .map((letter, at) => {
      const choice = choices[at % choices.length] ?? 0
      if (letter === ' ') return [' ', '\n', '  ', '\u00A0'][choice % 4]
      if (letter === "'") return ["'", '’', 'ʼ', '`'][choice % 4]
      if (letter === '"') return ['"', '«', '”', '„'][choice % 4]
      if (letter === '-') return ['-', '–', '—', '‑'][choice % 4]
      return [letter, letter.toUpperCase(), letter.normalize('NFD'), letter.toUpperCase().normalize('NFD')][choice % 4]
    })
    .join('')

describe('a quote', () => {
  test('is found however it was copied, and shown as it stands', () => {
    const choices = fc.array(fc.nat(3), { minLength: 1, maxLength: 20 })
    fc.assert(
      fc.property(text, fc.nat(), fc.nat(60), choices, (answer, from, length, choices) => {
        const start = from % Math.max(1, answer.length - 30)
        const quote = answer.slice(start, start + 30 + length).replace(/^[\s"']+|[\s"']+$/g, '')
        fc.pre((quote.match(/[\p{L}\p{N}]/gu)?.length ?? 0) >= 24)
        expect(find(answer, copied(quote, choices))).toContain(quote)
      }),
    )
  })

  test('is not found when it is not there', () => {
    fc.assert(
      fc.property(text, text, (answer, quote) => {
        fc.pre(!fold(answer).text.includes(fold(quote).text))
        expect(find(answer, quote)).toEqual([])
      }),
    )
  })

  test('is found wherever it stands', () => {
    expect(find('Вода кипить. вода  КИПИТЬ!', 'вода кипить')).toEqual(['Вода кипить', 'вода  КИПИТЬ'])
  })

  test.each<[string, string, string, string[]]>([
    ['a short answer, whole', '42', '42', ['42']],
    ['a short answer, in part', 'O(n log n)', 'o(n', []],
    ['a line of a list', '1) 1945\n2) Ялта\n3) мир', 'Ялта', ['Ялта']],
    ['a formula', 'За законом Ньютона: F = ma, де m — маса.', 'F = ma', ['F = ma']],
    ['a piece of a word', 'Рослини поглинають світло завжди', 'пог', []],
    ['a small word of a sentence', 'Рослини поглинають світло та воду', 'та', []],
    ['a number within another', 'Було 100 яблук і сто груш', '10', []],
    ['nothing', 'Рослини поглинають світло', '…', []],
    ['a quote of decomposed letters', 'Київський край', 'Київський край'.normalize('NFD'), ['Київський край']],
    [
      'a quote from an answer of decomposed letters',
      'Київ, їжак'.normalize('NFD'),
      'Київ, їжак',
      ['Київ, їжак'.normalize('NFD')],
    ],
    ['beside emoji', '😀😀 рослини зелені 😀', 'РОСЛИНИ ЗЕЛЕНІ', ['рослини зелені']],
  ])('%s', (_what, answer, quote, found) => expect(find(answer, quote)).toEqual(found))

  test('is looked up fast, however the answer is made', () => {
    const began = performance.now()
    for (const answer of [
      'а'.repeat(50_000),
      'а '.repeat(25_000),
      ' '.repeat(50_000),
      '\u0301'.repeat(50_000),
      '"'.repeat(50_000),
    ]) {
      const look = quotesIn(answer)
      for (const quote of ['а'.repeat(900), `${'а '.repeat(400)}б`, '"'.repeat(900)]) look(quote)
    }
    expect(performance.now() - began).toBeLessThan(3000)
  })
})
