import { calcPrice } from '@pydantic/genai-prices'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { costOf, type Price } from '../price.ts'
import type { Model, Provider } from '../registry.ts'
import { inputOf, NO_USAGE, type Usage } from '../usage.ts'
import { loadPrices } from './price-list.ts'

const priceOf = await loadPrices()
const AT = new Date('2026-11-23T12:00:00Z')

const model = (provider: Provider, id: string, prices?: Model['prices']): Model => ({
  name: 'a model',
  provider,
  id,
  capabilities: ['structured_output'],
  contextWindow: 1_000_000,
  maxOutput: 1_000,
  ...(prices && { prices }),
})
const tokens: Usage = { ...NO_USAGE, fresh: 1_000, output: 1_000 }
const audio: Usage = { ...NO_USAGE, milliseconds: 60_000 }

test.each<[Provider, string, Partial<Price>]>([
  [
    'anthropic',
    'claude-opus-5-5',
    { input: 4_000_000_000n, cacheRead: 200_000_000n, cacheWrite: 5_000_000_000n, output: 20_000_000_000n },
  ],
  ['anthropic', 'claude-haiku-4-5-20251001', { input: 1_000_000_000n }],
  ['openai', 'gpt-6-luna-2026-09-22', { input: 100_000_000n, cacheWrite: 125_000_000n }],
  // Nothing is listed for writing.
  ['gemini', 'gemini-3.5-flash-lite', { input: 300_000_000n, cacheRead: 30_000_000n, cacheWrite: 300_000_000n }],
])('%s %s is in the list', (provider, id, price) => {
  expect(priceOf(model(provider, id), tokens, AT)).toMatchObject({ ...price, source: 'genai-prices 0.1.8' })
})

test.each<[string, Model, Usage]>([
  ['a newer model of the same beginning', model('anthropic', 'claude-sonnet-5-5'), tokens],
  ['a variant of the same beginning', model('gemini', 'gemini-3.5-flash-lite-preview'), tokens],
  ['an unknown model', model('openai', 'gpt-99'), tokens],
  ['a server of whom nobody knows', model('compatible', 'gpt-6-luna'), tokens],
  ['tokens of what is paid by the hour', model('openai', 'whisper-1'), tokens],
  ['hours of what is paid by tokens', model('openai', 'gpt-6-luna'), audio],
  ['both of what is paid by the hour', model('openai', 'whisper-1'), { ...audio, output: 1 }],
  ['output of what has only input', model('openai', 'text-embedding-3-small'), tokens],
])('%s has no price', (_name, asked, usage) => {
  expect(priceOf(asked, usage, AT)).toBeNull()
})

test('audio is paid by the hour', () => {
  expect(priceOf(model('openai', 'gpt-transcribe'), audio, AT)).toMatchObject({ hour: 270_000_000n, input: 0n })
})

test('a minute of whisper-1 costs 0.006 USD, and any part of it a whole number of nano-USD', () => {
  const costAt = (milliseconds: number) => {
    const usage = { ...NO_USAGE, milliseconds }
    const price = priceOf(model('openai', 'whisper-1'), usage, AT)
    return price && costOf(usage, price)
  }
  expect([60_000, 1, 3_600_000].map(costAt)).toEqual([6_000_000n, 100n, 360_000_000n])
  // 1944.4, rounded up once.
  const odd = { ...NO_USAGE, milliseconds: 7 }
  expect(
    costOf(odd, { input: 0n, cacheRead: 0n, cacheWrite: 0n, output: 0n, hour: 1_000_000_001n, source: 'test' }),
  ).toBe(1_945n)
})

test('a price depends on the time of day and on the date', () => {
  const inputAt = (provider: Provider, id: string, at: string) =>
    priceOf(model(provider, id), tokens, new Date(at))?.input
  expect(inputAt('deepseek', 'deepseek-v4-pro', '2026-11-23T12:00:00Z')).toBe(660_000_000n)
  expect(inputAt('deepseek', 'deepseek-v4-pro', '2026-11-23T07:00:00Z')).toBe(1_320_000_000n)
  expect(inputAt('gemini', 'gemini-3.8-flash', '2026-12-31T23:59:59Z')).toBe(750_000_000n)
  expect(inputAt('gemini', 'gemini-3.8-flash', '2027-01-01T00:00:00Z')).toBe(1_500_000_000n)
})

test('a tier is of the whole input, cached or not, and begins above its number', () => {
  const inputFor = (usage: Partial<Usage>) =>
    priceOf(model('openai', 'gpt-6-luna'), { ...NO_USAGE, ...usage }, AT)?.input
  expect(inputFor({ fresh: 272_000 })).toBe(100_000_000n)
  expect(inputFor({ fresh: 1, cacheRead: 271_999, output: 9_999_999 })).toBe(100_000_000n)
  expect(inputFor({ fresh: 1, cacheRead: 271_999, cacheWrite: 1 })).toBe(200_000_000n)
})

const own = (input: bigint, more: Partial<Price> = {}): Price => ({
  input,
  cacheRead: input,
  cacheWrite: input,
  output: input,
  hour: 0n,
  source: 'config/llm.yaml',
  ...more,
})

test.each<[string, Price[], Usage, number | null]>([
  ['wins over the list', [own(7n)], tokens, 0],
  ['may be nothing at all', [own(0n)], tokens, 0],
  ['may be nothing at all, for audio too', [own(0n)], audio, 0],
  ['is not of hours when it is of tokens', [own(7n)], audio, null],
  ['is not of tokens when it is of hours', [own(0n, { hour: 7n })], tokens, null],
  ['is of a tier up to its number', [own(7n), own(9n)], { ...tokens, fresh: 500 }, 0],
  ['is of the next tier above it', [own(7n), own(9n)], { ...tokens, fresh: 400, cacheRead: 101 }, 1],
])('the registry’s price %s', (_name, prices, usage, index) => {
  const stated = prices.map((price, tier) => ({ above: tier * 500, price }))
  expect(priceOf(model('openai', 'gpt-6-luna', stated), usage, AT)).toEqual(index === null ? null : prices[index])
})

test('every cost is what the package itself makes of it', () => {
  const count = fc.integer({ min: 0, max: 400_000 })
  const ids: [Provider, string, string][] = [
    ['openai', 'openai', 'gpt-6-luna'],
    ['gemini', 'google', 'gemini-3.1-pro-preview'],
    ['gemini', 'google', 'gemini-3.8-flash'],
    ['anthropic', 'anthropic', 'claude-opus-5-5'],
    ['deepseek', 'deepseek', 'deepseek-v4-pro'],
  ]
  const usages = fc.record({ fresh: count, cacheRead: count, cacheWrite: count, output: count })
  fc.assert(
    fc.property(fc.constantFrom(...ids), usages, ([provider, providerId, id], parts) => {
      const usage = { ...NO_USAGE, ...parts }
      const price = priceOf(model(provider, id), usage, AT)
      const theirs = calcPrice(
        {
          input_tokens: inputOf(usage),
          cache_read_tokens: usage.cacheRead,
          cache_write_tokens: usage.cacheWrite,
          output_tokens: usage.output,
        },
        id,
        { providerId, timestamp: AT },
      )
      const ours = price === null ? -1 : Number(costOf(usage, price))
      if (inputOf(usage) + usage.output > 0) expect(ours / 1e9).toBeCloseTo(theirs?.total_price ?? 0, 7)
    }),
  )
})
