import { expect, test } from 'vitest'
import type { Model } from '#platform/llm/registry.ts'
import { isFree } from './engines.ts'

const NOTHING = { input: 0n, output: 0n, cacheRead: 0n, cacheWrite: 0n, hour: 0n, source: 'test' }
const model: Model = {
  ...{ name: 'own', provider: 'compatible', id: 'own', capabilities: [], contextWindow: 32_000, maxOutput: 4_000 },
  prices: [{ above: 0, price: NOTHING }],
}
const { prices: _, ...unpriced } = model
const dear: Model = {
  ...model,
  prices: [
    { above: 0, price: NOTHING },
    { above: 9, price: { ...NOTHING, output: 1n } },
  ],
}

test.each([
  ['own models for nothing', [model, model], true],
  ['one whose price is not known', [model, unpriced], false],
  ['one that costs with much input', [model, dear], false],
] as const)('a chain of %s', (_what, chain, free) => {
  expect(isFree({ material_analysis: [model], course_structuring: chain })).toBe(free)
  expect(isFree({ material_analysis: chain, course_structuring: [model] })).toBe(free)
})
