import fc from 'fast-check'
import { expect, test } from 'vitest'
import { usd } from './money.ts'

test.each([
  [0n, '0'],
  [1n, '0.000000001'],
  [1_250_000_000n, '1.25'],
  [10_000_000_000n, '10'],
  [-5n, '-0.000000005'],
])('%s nano-USD is %s USD', (nano, text) => {
  expect(usd(nano)).toBe(text)
})

test('no amount is rounded', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: 0n, max: 2n ** 63n - 1n }), (nano) => {
      const [whole = '0', part = ''] = usd(nano).split('.')
      expect(BigInt(whole) * 1_000_000_000n + BigInt(part.padEnd(9, '0'))).toBe(nano)
    }),
  )
})
