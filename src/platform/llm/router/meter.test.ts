import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import type { Provider } from '../registry.ts'
import { NO_USAGE } from '../usage.ts'
import { createMeter } from './meter.ts'

const expected = { ...NO_USAGE, fresh: 77, output: 4_000 }

let ms = 0

const meterOf = (provider: Provider, maxOutputTokens = 4_000) =>
  createMeter(provider, expected, { maxOutputTokens, inputBound: 10_000, now: () => new Date(ms) })

/** A provider's last word, as its package reads it. */
const last = (input: number | undefined, output: number | undefined) => ({
  inputTokens: { total: input, noCache: undefined, cacheRead: undefined, cacheWrite: undefined },
  outputTokens: { total: output, text: undefined, reasoning: undefined },
})

/** The first events of a recorded stream. */
function eventsOf(provider: Provider, count: number): unknown[] {
  const text = readFileSync(new URL(`../fixtures/${provider}.sse`, import.meta.url), 'utf8')
  const data = text.split('\n').flatMap((line) => (line.startsWith('data: {') ? [JSON.parse(line.slice(6))] : []))
  return data.slice(0, count)
}

test.each<[Provider, object]>([
  // Its own figures for the cache are beside the input.
  ['anthropic', { fresh: 50, cacheRead: 1800, cacheWrite: 248 }],
  ['gemini', { fresh: 24, cacheRead: 4096 }],
  // Nothing is told before the end.
  ['openai', { fresh: 77, cacheRead: 0 }],
  ['compatible', { fresh: 77, cacheRead: 0 }],
])('a stream of %s tells its input as soon as it does', (provider, usage) => {
  const meter = meterOf(provider)
  for (const event of eventsOf(provider, 1)) meter.event(event)
  expect(meter.spent()).toMatchObject({ usage, usageSource: 'estimated' })
})

test('output is never estimated as less than the pieces that came, nor as more than may be written', () => {
  const meter = meterOf('openai', 300)
  expect(meter.hasBegun()).toBe(false)
  for (let n = 0; n < 200; n += 1) meter.received('а')
  expect(meter.spent().usage.output).toBe(200)
  expect(meter.hasBegun()).toBe(true)
  meter.received('слово '.repeat(1000))
  expect(meter.spent().usage.output).toBe(300)
})

test('nonsense in events is no usage', () => {
  const meter = meterOf('anthropic', 300)
  for (const event of [null, 'x', { usage: { input_tokens: -5 } }, { message: { usage: { input_tokens: 'many' } } }])
    meter.event(event)
  expect(meter.spent().usage).toEqual({ ...NO_USAGE, fresh: 77 })
})

test.each<[Provider, object, object]>([
  ['anthropic', { message: { usage: { input_tokens: 1e19, output_tokens: 1 } } }, { fresh: 10_000, output: 1 }],
  ['gemini', { usageMetadata: { promptTokenCount: 1e19 } }, { fresh: 10_000 }],
  ['gemini', { usageMetadata: { promptTokenCount: 5, thoughtsTokenCount: 1e300 } }, { fresh: 5, output: 4_000 }],
])('%s tells more than can be, and the stream is cut', (provider, event, usage) => {
  const meter = meterOf(provider)
  meter.event(event)
  expect(meter.spent()).toMatchObject({ usage, usageSource: 'estimated', isBeyond: true })
})

test('another provider’s words are not understood', () => {
  for (const provider of ['openai', 'compatible', 'deepseek', 'gemini'] as const) {
    const meter = meterOf(provider)
    meter.event({ usage: { input_tokens: 1e300, output_tokens: 1e300 } })
    expect(meter.spent()).toEqual({ usage: { ...NO_USAGE, fresh: 77 }, usageSource: 'estimated' })
  }
})

test.each([
  [last(1_000, 1e18), { fresh: 1_000, output: 4_000 }],
  [last(1e18, 50), { fresh: 10_000, output: 50 }],
  [last(10_001, 4_017), { fresh: 10_000, output: 4_000 }],
])('a last word beyond what is possible is a doubt: %j', (word, usage) => {
  const meter = meterOf('openai')
  meter.reported(word)
  expect(meter.spent()).toMatchObject({ usage, usageSource: 'estimated', isBeyond: true })
  expect(meter.spent().doubt).toContain('possible')
})

test('a last word at the very edge of what is possible is believed', () => {
  const meter = meterOf('openai')
  meter.reported(last(10_000, 4_016))
  expect(meter.spent()).toEqual({ usage: { ...NO_USAGE, fresh: 10_000, output: 4_016 }, usageSource: 'reported' })
})

test.each([undefined, 0, -7])('an answer is not free because its output is said to be %s', (output) => {
  const meter = meterOf('openai')
  meter.received('слово '.repeat(500))
  meter.reported(last(1_000, output))
  const { usage, usageSource, doubt } = meter.spent()
  expect(usage.output).toBeGreaterThan(1_000)
  expect([usage.fresh, usageSource]).toEqual([1_000, 'estimated'])
  expect(doubt).toContain('no output is reported')
})

test('thoughts that nobody sees are assumed from the time that they take', () => {
  const meter = meterOf('openai', 2_000)
  ms += 5_000
  expect(meter.spent().usage.output).toBe(0)
  meter.sent()
  ms += 10_000
  expect(meter.spent().usage.output).toBe(1_500)
  meter.received('а')
  ms += 10_000
  expect(meter.spent().usage.output).toBe(1_501)
  const slow = meterOf('openai', 2_000)
  slow.sent()
  ms += 60_000
  expect(slow.spent().usage.output).toBe(2_000)
  slow.reported(last(1_000, 30))
  expect(slow.spent().usage.output).toBe(30)
})

test('Gemini counts its thoughts itself', () => {
  const meter = meterOf('gemini')
  meter.sent()
  ms += 10_000
  meter.event({ usageMetadata: { promptTokenCount: 9, thoughtsTokenCount: 40 } })
  expect(meter.spent().usage).toMatchObject({ fresh: 9, output: 40, reasoning: 40 })
})
