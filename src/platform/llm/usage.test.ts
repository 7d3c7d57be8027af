import { readFileSync } from 'node:fs'
import { createAnthropic } from '@ai-sdk/anthropic'
import { createDeepSeek } from '@ai-sdk/deepseek'
import { createGoogle } from '@ai-sdk/google'
import { createOpenAI } from '@ai-sdk/openai'
import { createOpenAICompatible } from '@ai-sdk/openai-compatible'
import type { LanguageModelV4, LanguageModelV4Usage } from '@ai-sdk/provider'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { PROVIDERS, type Provider } from './registry.ts'
import { inputOf, NO_USAGE, normalizeUsage, type Usage } from './usage.ts'

const apiKey = 'a-test'

/** The SDKs' own reading of what a provider sends: the fixtures are streams in their wire formats. */
const models: Record<Provider, (fetch: typeof globalThis.fetch) => LanguageModelV4> = {
  openai: (fetch) => createOpenAI({ apiKey, fetch }).chat('gpt-6.1-terra'),
  anthropic: (fetch) => createAnthropic({ apiKey, fetch })('claude-sonnet-5-5'),
  gemini: (fetch) => createGoogle({ apiKey, fetch })('gemini-3.8-flash'),
  deepseek: (fetch) => createDeepSeek({ apiKey, fetch })('deepseek-flash'),
  compatible: (fetch) =>
    createOpenAICompatible({ name: 'x', baseURL: 'http://x/v1', includeUsage: true, fetch })('qwen3'),
}

async function reportedBy(provider: Provider, stream: string): Promise<LanguageModelV4Usage | undefined> {
  const answer = async () => new Response(stream, { headers: { 'content-type': 'text/event-stream' } })
  const prompt = [{ role: 'user' as const, content: [{ type: 'text' as const, text: 'Привіт' }] }]
  let usage: LanguageModelV4Usage | undefined
  for await (const part of (await models[provider](answer).doStream({ prompt })).stream) {
    if (part.type === 'error') throw part.error
    if (part.type === 'finish') usage = part.usage
  }
  return usage
}

const fixture = (provider: Provider) => readFileSync(new URL(`./fixtures/${provider}.sse`, import.meta.url), 'utf8')

const expected: Record<Provider, Partial<Usage>> = {
  // Cached and written tokens are within prompt_tokens.
  openai: { fresh: 2006 - 1536 - 384, cacheRead: 1536, cacheWrite: 384, output: 300, reasoning: 192 },
  // They are beside input_tokens.
  anthropic: { fresh: 50, cacheRead: 1800, cacheWrite: 248, output: 503, reasoning: 120 },
  // Thoughts are beside candidates, cached content is within the prompt.
  gemini: { fresh: 4120 - 4096, cacheRead: 4096, output: 71 + 218, reasoning: 218 },
  deepseek: { fresh: 92, cacheRead: 1408, output: 260, reasoning: 144 },
  compatible: { fresh: 640, output: 21 },
}

test.each(PROVIDERS)('%s is understood', async (provider) => {
  const reported = await reportedBy(provider, fixture(provider))
  expect(reported && normalizeUsage(reported, provider)).toEqual({ usage: { ...NO_USAGE, ...expected[provider] } })
})

test.each<[string, Provider, [string, string], Partial<Usage>]>([
  [
    'more cached than there is',
    'openai',
    ['"cached_tokens":1536', '"cached_tokens":9000'],
    { fresh: 2006, cacheRead: 9000 },
  ],
  ['reasoning beside the output', 'openai', ['"reasoning_tokens":192', '"reasoning_tokens":400'], { output: 700 }],
  ['a sum above its parts', 'compatible', ['"total_tokens":661', '"total_tokens":1661'], { fresh: 640, output: 1021 }],
  ['thoughts in the sum alone', 'gemini', [',"thoughtsTokenCount":218,"s', ',"s'], { output: 71 + 218, reasoning: 0 }],
  [
    'misses above the whole',
    'deepseek',
    ['"prompt_cache_miss_tokens":92', '"prompt_cache_miss_tokens":992'],
    { fresh: 992 },
  ],
])('%s: the dearer reading, and a doubt', async (_name, provider, [from, to], usage) => {
  const stream = fixture(provider)
  expect(stream).toContain(from)
  const reported = await reportedBy(provider, stream.replace(from, to))
  const normalized = reported && normalizeUsage(reported, provider)
  expect(normalized?.usage).toMatchObject(usage)
  expect(normalized?.doubt).toBeTruthy()
})

test('a stream that ends before its figures has none, and that is a doubt', async () => {
  const [first = ''] = fixture('openai').split('\n\n')
  const reported = await reportedBy('openai', `${first}\n\ndata: [DONE]\n\n`)
  expect(reported && normalizeUsage(reported, 'openai')).toEqual({ usage: NO_USAGE, doubt: 'no input is reported' })
})

const sane = fc.option(fc.integer({ min: 0, max: 2_000_000 }), { nil: undefined })
const any = fc.oneof(sane, fc.double(), fc.constantFrom(undefined, -1, Number.NaN, Number.POSITIVE_INFINITY, 0.5))
const usageOf = (figure: fc.Arbitrary<number | undefined>): fc.Arbitrary<LanguageModelV4Usage> =>
  fc.record({
    inputTokens: fc.record({ total: figure, noCache: figure, cacheRead: figure, cacheWrite: figure }),
    outputTokens: fc.record({ total: figure, text: figure, reasoning: figure }),
    raw: fc.record(
      { total_tokens: fc.double(), totalTokenCount: fc.nat(), prompt_cache_miss_tokens: fc.nat() },
      { requiredKeys: [] },
    ),
  })

test('whatever is reported, the figures are whole, add up, and are below none that was reported', () => {
  fc.assert(
    fc.property(usageOf(any), fc.constantFrom(...PROVIDERS), (reported, provider) => {
      const { usage } = normalizeUsage(reported, provider)
      for (const figure of Object.values(usage)) expect(Number.isSafeInteger(figure) && figure >= 0).toBe(true)
      expect(usage.reasoning).toBeLessThanOrEqual(usage.output)
    }),
  )
  fc.assert(
    fc.property(usageOf(sane), fc.constantFrom(...PROVIDERS), ({ inputTokens, outputTokens }, provider) => {
      const { usage, doubt } = normalizeUsage({ inputTokens, outputTokens }, provider)
      const { total = 0, noCache = 0, cacheRead = 0, cacheWrite = 0 } = inputTokens
      expect(inputOf(usage)).toBeGreaterThanOrEqual(Math.max(total, noCache + cacheRead + cacheWrite))
      expect(usage).toMatchObject({ cacheRead, cacheWrite, reasoning: outputTokens.reasoning ?? 0 })
      const { total: output = 0, text = 0, reasoning = 0 } = outputTokens
      expect(usage.output).toBeGreaterThanOrEqual(Math.max(output, text + reasoning))
      if (doubt === undefined && inputTokens.total !== undefined) expect(inputOf(usage)).toBe(total)
    }),
  )
})

test('figures that agree are taken as they are', () => {
  const part = fc.integer({ min: 0, max: 1_000_000 })
  fc.assert(
    fc.property(
      part.map((n) => n + 1),
      part,
      part,
      part,
      part,
      (fresh, cacheRead, cacheWrite, text, reasoning) => {
        const inputTokens = { total: fresh + cacheRead + cacheWrite, noCache: fresh, cacheRead, cacheWrite }
        const outputTokens = { total: text + reasoning, text, reasoning }
        expect(normalizeUsage({ inputTokens, outputTokens }, 'openai')).toEqual({
          usage: { ...NO_USAGE, fresh, cacheRead, cacheWrite, output: text + reasoning, reasoning },
        })
      },
    ),
  )
})
