import { expect, test } from 'vitest'
import { exerciseLimit, outputLimit, partLimit, planLimit } from './limits.ts'

test.each([
  [{ contextWindow: 1_000_000, maxOutput: 64_000 }, [24_000, 80_000, 1_500, 8]],
  [{ contextWindow: 128_000, maxOutput: 8_192 }, [11_468, 18_432, 204, 6]],
  [{ contextWindow: 8_192, maxOutput: 4_096 }, [3_276, 3_276, 102, 3]],
  [{ contextWindow: 4_096, maxOutput: 4_096 }, [1_527, 1_638, 102, 1]],
  [{ contextWindow: 1_000, maxOutput: 500 }, [300, 300, 12, 1]],
])('%j', (window, limits) => {
  const { tokens, concepts } = planLimit(window)
  expect([partLimit(window), tokens, concepts, exerciseLimit(window).lessons]).toEqual(limits)
})

test('an answer may be as long as is left, and not much longer than expected', () => {
  const window = { contextWindow: 100_000, maxOutput: 50_000 }
  expect(outputLimit(window, { input: 10_000, output: 5_000 })).toBe(18_000)
  expect(outputLimit(window, { input: 10_000, output: 40_000 })).toBe(50_000)
  expect(outputLimit(window, { input: 80_000, output: 5_000 })).toBe(4_000)
  expect(outputLimit(window, { input: 99_000, output: 5_000 })).toBe(256)
})
