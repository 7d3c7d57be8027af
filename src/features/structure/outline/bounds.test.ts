import { expect, test } from 'vitest'
import { bounds, cleanTitle, clip, sentenceTitle } from './bounds.ts'

test('a text is cut between words, and never inside a character', () => {
  expect(clip('три слова тут', 13)).toBe('три слова тут')
  expect(clip('три слова тут', 12)).toBe('три слова')
  expect(clip('однедовгеслово', 4)).toBe('одне')
  expect(clip('👍👍', 3)).toBe('👍')
})

test('a title is one line without anchor signs', () => {
  expect(cleanTitle('  Цикли\n for\u200B ¶')).toBe('Цикли for')
  expect(cleanTitle('C#')).toBe('C#')
  expect(cleanTitle(' ¶ ')).toBeNull()
  expect(cleanTitle(null)).toBeNull()
})

test('a title made of a sentence has its first words', () => {
  expect(sentenceTitle('Тепер про цикли.')).toBe('Тепер про цикли')
  expect(sentenceTitle('Що таке цикл?')).toBe('Що таке цикл?')
  expect(sentenceTitle('— …')).toBeNull()
  const long = sentenceTitle('дуже довге речення, '.repeat(10))
  expect(long).toMatch(/довге…$/)
  expect(long?.length).toBeLessThanOrEqual(bounds.sentenceTitle)
})
