import fc from 'fast-check'
import { expect, test } from 'vitest'
import { boundTokens, estimateTokens } from './tokens.ts'

/** Any UTF-16 at all: half characters, too. */
const texts = fc
  .array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 100 })
  .map((units) => String.fromCharCode(...units))

test('an estimate is never above the bound, and the bound is the bytes', () => {
  fc.assert(
    fc.property(texts, (text) => {
      expect(boundTokens(text)).toBe(new TextEncoder().encode(text).length)
      expect(estimateTokens(text)).toBeLessThanOrEqual(boundTokens(text))
      expect(estimateTokens(text)).toBeGreaterThanOrEqual(0)
    }),
  )
  expect(estimateTokens('')).toBe(0)
  expect(estimateTokens('\ud800')).toBeLessThanOrEqual(boundTokens('\ud800'))
})

// Between what the thriftiest and the most wasteful of the current tokenizers make of such text.
test.each([
  ['The derivative of a function measures how fast its value changes. ', 10, 17],
  ['Похідна функції показує, як швидко змінюється її значення в точці. ', 20, 34],
  ['2026 1234567890 3.14159 ', 8, 20],
  ['函数的导数衡量其值变化的速度', 9, 17],
])('%s', (sentence, least, most) => {
  const times = 50
  const each = estimateTokens(sentence.repeat(times)) / times
  expect(each).toBeGreaterThanOrEqual(least)
  expect(each).toBeLessThanOrEqual(most)
})

test('text grows, its estimate grows', () => {
  fc.assert(
    fc.property(texts, texts, (a, b) => {
      expect(estimateTokens(a + b)).toBeGreaterThanOrEqual(estimateTokens(a))
    }),
  )
})
