import { expect, test } from 'vitest'
import { modelOf, PRICE } from '../fixtures/bench.ts'
import type { Price } from '../price.ts'
import { NO_USAGE } from '../usage.ts'
import { mostCost } from './price.ts'

const asked = {
  model: modelOf('anthropic'),
  at: new Date('2026-03-01T10:00:00Z'),
  expected: { ...NO_USAGE, fresh: 50, output: 10 },
  inputBound: 100,
}
const dear = { ...PRICE, output: 8_000_000_000n }

test.each<[string, (fresh: number) => Price | null, bigint | null]>([
  ['all input at the dearest, here of writing to a cache', () => PRICE, 100n * 1_250n + 10n * 4_000n],
  ['input that costs most fresh', () => ({ ...PRICE, cacheWrite: 0n }), 100n * 1_000n + 10n * 4_000n],
  ['the price of much input', (fresh) => (fresh > 60 ? dear : PRICE), 100n * 1_250n + 10n * 8_000n],
  [
    'the price of little input, if that is higher',
    (fresh) => (fresh > 60 ? PRICE : dear),
    100n * 1_250n + 10n * 8_000n,
  ],
  ['an unknown price', () => null, null],
  ['a price that is known for little input only', (fresh) => (fresh > 60 ? null : PRICE), null],
])('%s', (_name, priceOf, cost) => {
  expect(mostCost(asked, (_model, { fresh }) => priceOf(fresh))).toBe(cost)
})
