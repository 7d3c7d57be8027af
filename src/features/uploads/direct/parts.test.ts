import fc from 'fast-check'
import { expect, test } from 'vitest'
import { describeMissing, missingOf, planParts } from './parts.ts'

test('parts make up the file, and only the last is smaller', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 5_000 }), fc.integer({ min: 1, max: 300 }), (size, partBytes) => {
      const parts = planParts(size, partBytes)
      expect(parts.map(({ number }) => number)).toEqual(parts.map((_, index) => index + 1))
      expect(parts.reduce((sum, part) => sum + part.size, 0)).toBe(size)
      expect(parts.slice(0, -1).every((part) => part.size === partBytes)).toBe(true)
      expect(parts.at(-1)?.size).toBeGreaterThan(0)
      expect(parts.at(-1)?.size).toBeLessThanOrEqual(partBytes)
    }),
  )
})

const there = (size: number) => ({ size, etag: 'e' })

test.each([
  [[there(8), there(8), there(4)], ''],
  [[there(8), there(0), there(4)], 'part 2 is missing'],
  [[there(8), there(8)], 'part 3 is missing'],
  [[], 'part 1 is missing, part 2 is missing, part 3 is missing'],
  [[there(8), there(7), there(8)], 'part 2 has 7 bytes instead of 8, part 3 has 8 bytes instead of 4'],
])('of %j', (present, said) => {
  expect(describeMissing(missingOf(planParts(20, 8), present), present)).toBe(said)
})

test('many missing parts are counted', () => {
  expect(describeMissing(planParts(5_000, 1), [])).toMatch(/^(part \d+ is missing, ){10}and 4990 more$/)
})
