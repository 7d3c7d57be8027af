import fc from 'fast-check'
import { expect, test } from 'vitest'
import { amounts, bar, fitted, gauge, grid, grouped, percent } from './bars.ts'

test.each([
  [0n, 8n, 1, ''],
  [8n, 8n, 1, '█'],
  [3n, 8n, 1, '▍'],
  [12n, 16n, 2, '█▌'],
  [1n, 10n ** 18n, 10, '▏'],
  [20n, 10n, 3, '███'],
  [5n, 0n, 3, ''],
  [5n, 5n, 0, ''],
])('a bar of %s of %s is, %s wide, "%s"', (value, most, width, text) => {
  expect(bar(value, most, width)).toBe(text)
})

test.each([
  [0n, 10n, '░░░░░', '0 %'],
  [1n, 1_000n, '█░░░░', '<1 %'],
  [5n, 10n, '██░░░', '50 %'],
  [999n, 1_000n, '████░', '99 %'],
  [10n, 10n, '█████', '100 %'],
  [112n, 100n, '█████', '112 %'],
  [10n ** 18n, 1n, '█████', '>999 %'],
  [0n, 0n, '█████', '100 %'],
  [1n, 0n, '█████', '>999 %'],
])('%s spent of %s is %s, %s', (part, whole, filled, share) => {
  expect([gauge(part, whole, 5), percent(part, whole)]).toEqual([filled, share])
})

test('bars and gauges keep their width and their order', () => {
  const amount = fc.bigInt({ min: 0n, max: 2n ** 63n })
  fc.assert(
    fc.property(amount, amount, amount, fc.integer({ min: 1, max: 100 }), (a, b, most, width) => {
      const [lesser, greater] = a < b ? [a, b] : [b, a]
      for (const draw of [(value: bigint) => bar(value, most, width), (value: bigint) => gauge(value, most, width)]) {
        expect([...draw(a)].length).toBeLessThanOrEqual(width)
        expect([...draw(lesser).replaceAll('░', '')].length).toBeLessThanOrEqual(
          [...draw(greater).replaceAll('░', '')].length,
        )
      }
      expect([...gauge(a, most, width)].length).toBe(width)
      expect(gauge(a, most, width).includes('░')).toBe(a < most)
    }),
  )
})

test.each([
  [[1n], ['0.000000001'], true],
  [[1_500_000n, 7n], ['0.001500', '<0.000001'], false],
  [[12_345_600_000n, 0n, 100_000n, 99_999n], ['12.3456', '0.0000', '0.0001', '<0.0001'], false],
  [[1_234_567_890_000_000n], ['1,234,567.89'], true],
  [[999_995_000_000n], ['1,000.00'], false],
  [[], [], true],
])('%s nano-USD are %s USD', (nanos, texts, isExact) => {
  expect(amounts(nanos)).toEqual({ texts, isExact })
})

test.each([
  ['0', '0'],
  [999, '999'],
  [1_000, '1,000'],
  ['12345678', '12,345,678'],
])('%s is grouped %s', (digits, text) => {
  expect(grouped(digits)).toBe(text)
})

test('text is cut where it can be seen, and cannot steer the terminal', () => {
  expect(['Їжак', 'Їжачок', 'а\u001b[2J'].map((text) => fitted(text, 4))).toEqual(['Їжак', 'Їжа…', 'а\u{FFFD}[…'])
})

test('a grid’s columns stand one below another, whatever is missing', () => {
  expect(grid([['Школа', '5', ''], [], ['Їжачок', '12', '█']], ['left', 'right', 'left'])).toEqual([
    'Школа    5',
    '',
    'Їжачок  12  █',
  ])
})
