import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { AnswerKey } from '#features/structure/index.ts'
import { agreesWithKey, complaintOf, type KeyedKind } from './answer-key.ts'
import type { HandedIn } from './verdict.ts'

describe('an answer agrees with its key', () => {
  test.each<[KeyedKind, AnswerKey | null, HandedIn, boolean | undefined]>([
    ['choice', ['b'], ['b'], true],
    ['choice', ['b'], ['a'], false],
    ['multiple_choice', ['a', 'c'], ['c', 'a'], true],
    ['multiple_choice', ['a', 'c'], ['a'], false],
    ['multiple_choice', ['a', 'c'], ['a', 'b', 'c'], false],
    ['multiple_choice', ['a', 'c'], [], false],
    ['number', { value: 0.2, tolerance: 0 }, 0.3 - 0.1, true],
    ['number', { value: 9.8, tolerance: 0.1 }, 9.9, true],
    ['number', { value: 9.8, tolerance: 0.1 }, 9.91, false],
    ['number', { value: 0, tolerance: 0 }, 1e-9, false],
    ['number', { value: 5, tolerance: 0 }, Number('1e999'), false],
    ['number', { value: -5, tolerance: 0 }, 5, false],
    ['short_text', ['Київ', 'м. Київ'], ' КИЇВ. ', true],
    ['short_text', ['Київ'], 'Київ'.normalize('NFD'), true],
    ['short_text', ["м'ята"], 'М’ята', true],
    ['short_text', ['Леся Українка'], '«леся  українка»', true],
    ['short_text', ['Київ'], 'Київ!', true],
    ['short_text', ['Київ'], 'Kиїв', false],
    ['short_text', ['Київ'], 'Львів', false],
    ['short_text', ['5'], '-5', false],
    ['short_text', ['5'], '.5', false],
    ['short_text', ['n'], 'n!', false],
    ['short_text', ['f'], "f'", false],
    ['short_text', ['?'], ';', false],
    ['short_text', ['?'], '?', true],
    ['short_text', ['так'], 'ні', false],
    ['choice', null, ['a'], undefined],
    ['choice', [], ['a'], undefined],
    ['number', ['a'], 5, undefined],
    ['short_text', { value: 5, tolerance: 0 }, '5', undefined],
  ])('%s, key %j, answer %j: %s', (kind, key, answer, expected) => {
    expect(agreesWithKey(kind, key, answer)).toBe(expected)
  })

  test('whatever the order of options', () => {
    const ids = fc.uniqueArray(fc.constantFrom('a', 'b', 'c', 'd', 'e'), { minLength: 1 })
    fc.assert(
      fc.property(ids, ids, (key, answer) => {
        const same = key.toSorted().join() === answer.toSorted().join()
        expect(agreesWithKey('multiple_choice', key, answer)).toBe(same)
      }),
    )
  })

  test('exactly within the tolerance', () => {
    const whole = fc.integer({ min: -1e6, max: 1e6 })
    fc.assert(
      fc.property(whole, fc.nat(1000), whole, (value, tolerance, answer) => {
        expect(agreesWithKey('number', { value, tolerance }, answer)).toBe(Math.abs(answer - value) <= tolerance)
      }),
    )
  })

  test('is read fast, however long', () => {
    const began = performance.now()
    for (const piece of ['.', ' ', '"', '!']) agreesWithKey('short_text', ['так'], `${piece.repeat(50_000)}а`)
    expect(performance.now() - began).toBeLessThan(2000)
  })
})

const options = [
  { id: 'a', text: 'Так' },
  { id: 'b', text: 'Ні' },
]

test.each<[KeyedKind | 'open', HandedIn, string | undefined]>([
  ['open', 'текст', undefined],
  ['open', 5, 'must be a text'],
  ['short_text', ['a'], 'must be a text'],
  ['number', 5, undefined],
  ['number', '5', 'must be a number'],
  ['number', Number('1e999'), 'must be a number'],
  ['choice', ['a'], undefined],
  ['choice', 'a', 'must be an array of option ids'],
  ['choice', [], 'must name one option'],
  ['choice', ['a', 'b'], 'must name one option'],
  ['multiple_choice', ['a', 'b'], undefined],
  ['multiple_choice', [], undefined],
  ['multiple_choice', ['a', 'a'], 'must not name an option twice'],
  ['multiple_choice', ['a', 'x'], 'must name options of this exercise'],
])('%s takes %j: %s', (kind, answer, complaint) => expect(complaintOf({ kind, options }, answer)).toBe(complaint))
