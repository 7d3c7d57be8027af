import fc from 'fast-check'
import { expect, test } from 'vitest'
import { costOf, nanoUsd, type Price } from './price.ts'
import { NO_USAGE } from './usage.ts'

test.each<[string | number, bigint | undefined]>([
  ['25', 25_000_000_000n],
  ['0.1', 100_000_000n],
  ['0.000000001', 1n],
  ['00.50', 500_000_000n],
  [0.1 + 0.2, undefined],
  [0.0028, 2_800_000n],
  [1.1, 1_100_000_000n],
  ['0.0000000001', undefined],
  [1e-7, undefined],
  ['12345678901', undefined],
  ...['', ' 1', '-1', '+1', '1.', '.5', '1,5', '1e3', '0x1', '१', 'none', Number.NaN].map(
    (wrong): [string | number, undefined] => [wrong, undefined],
  ),
])('%j USD', (amount, expected) => {
  expect(nanoUsd(amount)).toBe(expected)
})

const price: Price = { input: 3n, cacheRead: 5n, cacheWrite: 7n, output: 11n, hour: 0n, source: 'a test' }

test('a cost is the exact sum of its parts, rounded up once', () => {
  const tokens = fc.integer({ min: 0, max: 10_000_000 })
  fc.assert(
    fc.property(tokens, tokens, tokens, tokens, (fresh, cacheRead, cacheWrite, output) => {
      const cost = costOf({ ...NO_USAGE, fresh, cacheRead, cacheWrite, output }, price)
      const millionths = 3 * fresh + 5 * cacheRead + 7 * cacheWrite + 11 * output
      expect(Number(cost)).toBe(Math.ceil(millionths / 1_000_000))
    }),
  )
})

test('audio is billed by its milliseconds', () => {
  const hourly = { ...price, hour: 360_000_000n }
  expect(costOf({ ...NO_USAGE, milliseconds: 3_600_000 }, hourly)).toBe(360_000_000n)
  expect(costOf({ ...NO_USAGE, milliseconds: 1 }, hourly)).toBe(100n)
})
