import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import type { Provider } from './registry.ts'
import { createMeter } from './router-meter.ts'
import { NO_USAGE } from './usage.ts'

const expected = { ...NO_USAGE, fresh: 77, output: 4_000 }

/** The first events of a recorded stream. */
function eventsOf(provider: Provider, count: number): unknown[] {
  const text = readFileSync(new URL(`./fixtures/${provider}.sse`, import.meta.url), 'utf8')
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
  const meter = createMeter(provider, expected, 4_000)
  for (const event of eventsOf(provider, 1)) meter.event(event)
  expect(meter.spent()).toMatchObject({ usage, usageSource: 'estimated' })
})

test('output is never estimated as less than the pieces that came, nor as more than may be written', () => {
  const meter = createMeter('openai', expected, 300)
  expect(meter.hasBegun()).toBe(false)
  for (let n = 0; n < 200; n += 1) meter.received('а')
  expect(meter.spent().usage.output).toBe(200)
  expect(meter.hasBegun()).toBe(true)
  meter.received('слово '.repeat(1000))
  expect(meter.spent().usage.output).toBe(300)
})

test('nonsense in events is no usage', () => {
  const meter = createMeter('anthropic', expected, 300)
  for (const event of [null, 'x', { usage: { input_tokens: -5 } }, { message: { usage: { input_tokens: 'many' } } }])
    meter.event(event)
  expect(meter.spent().usage).toEqual({ ...NO_USAGE, fresh: 77 })
})
