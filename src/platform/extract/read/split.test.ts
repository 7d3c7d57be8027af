import fc from 'fast-check'
import { expect, test } from 'vitest'
import { splitLines, splitProse } from './split.ts'

test('prose is cut after the last sentence that fits', () => {
  const text = 'Перше речення. Друге «речення!» Третє?'
  expect([...splitProse(text, 33)]).toEqual(['Перше речення. Друге «речення!»', 'Третє?'])
})

test('a sentence that is too long is cut between words, a word between characters', () => {
  expect([...splitProse('один два три', 9)]).toEqual(['один два', 'три'])
  expect([...splitProse('а😀б', 2)]).toEqual(['а', '😀', 'б'])
})

test('lines stay whole and keep their indentation', () => {
  expect([...splitLines('- перше\n  - друге\n- третє', 18)]).toEqual(['- перше\n  - друге', '- третє'])
})

test('nothing is lost and nothing is too long', () => {
  const words = fc.array(fc.constantFrom('слово', 'кінець.', 'ще!', '\n', '😀', 'довжелезнеслово'))
  fc.assert(
    fc.property(words, fc.integer({ min: 2, max: 40 }), (parts, max) => {
      const text = parts.join(' ')
      for (const split of [splitProse, splitLines]) {
        const out = [...split(text, max)]
        expect(out.join('').replace(/\s/g, '')).toBe(text.replace(/\s/g, ''))
        expect(out.every((part) => part.length > 0 && part.length <= max && part.isWellFormed())).toBe(true)
      }
    }),
  )
})
