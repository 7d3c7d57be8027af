import { expect, test } from 'vitest'
import { loadAdapter } from '../adapters/load.ts'
import { Lesson, modelOf } from '../fixtures/bench.ts'
import { inputTokensOf, type Request, writePrompt } from './prompt.ts'
import { dialectOf } from './structured.ts'

const request: Request = {
  system: 'Системні слова.',
  parts: [
    { type: 'text', text: 'Слайд.' },
    { type: 'image', bytes: new Uint8Array([1, 2, 3]), mediaType: 'image/png' },
  ],
  dialect: dialectOf(Lesson, 'openai'),
  schemaName: 'lesson',
  maxOutputTokens: 100,
}

const BASE64 = 'AQID'
const URL_PART = { type: 'image_url', image_url: { url: `data:image/png;base64,${BASE64}` } }

test.each([
  ['gemini', { inlineData: { mimeType: 'image/png', data: BASE64 } }],
  ['anthropic', { type: 'image', source: { type: 'base64', media_type: 'image/png', data: BASE64 } }],
  ['openai', { ...URL_PART, image_url: { ...URL_PART.image_url, detail: 'high' } }],
  ['deepseek', URL_PART],
  ['compatible', URL_PART],
] as const)('an image is really sent to %s, beside the text', async (provider, part) => {
  const bodies: unknown[] = []
  const fetch = async (_url: unknown, init?: RequestInit) => {
    bodies.push(JSON.parse(String(init?.body)))
    return new Response(null, { status: 400 })
  }
  const adapter = await loadAdapter(provider, { apiKey: 'a-key', baseUrl: 'http://127.0.0.1:9' })
  const { options } = writePrompt(request, adapter.tellsSchema)
  await expect(adapter.model(modelOf(provider), fetch).doStream(options)).rejects.toThrow()
  const [body] = bodies as { messages?: Message[]; contents?: Message[] }[]
  const { content, parts } = (body?.messages ?? body?.contents ?? []).find(({ role }) => role === 'user') ?? {}
  expect(content ?? parts).toEqual([expect.objectContaining({ text: 'Слайд.' }), part])
})

type Message = { role: string; content?: unknown; parts?: unknown }

test.each([
  ['gemini', 1_120],
  ['anthropic', 4_784],
  ['openai', 6_150],
  ['deepseek', 384],
  ['compatible', 16_384],
] as const)('an image counts for %s as the largest that is billed', (provider, tokens) => {
  const { text } = writePrompt(request, false)
  const { estimate, bound } = inputTokensOf(text, request, provider)
  const without = inputTokensOf(text, { ...request, parts: [] }, provider)
  expect(estimate - without.estimate).toBe(tokens)
  expect(bound - without.bound).toBeGreaterThan(tokens)
})

test('all that is sent is counted, the schema even twice', () => {
  const correction = { answer: '[1]', complaints: ['Не те.'] }
  const { options, text } = writePrompt({ ...request, correction }, true)
  const words = options.prompt.flatMap(({ content }) =>
    typeof content === 'string' ? [content] : content.flatMap((part) => (part.type === 'text' ? [part.text] : [])),
  )
  for (const word of words) expect(text).toContain(word)
  const schema = JSON.stringify(request.dialect.schema)
  expect(words[0]).toContain(schema)
  const { bound } = inputTokensOf(text, { ...request, parts: [] }, 'compatible')
  expect(bound).toBeGreaterThan(Buffer.byteLength(words.join('')) + Buffer.byteLength(schema))
})

test('of an answer that was not accepted only so much goes back, and nothing of an empty one', () => {
  const roles = (answer: string) => {
    const { options } = writePrompt({ ...request, correction: { answer, complaints: ['Не те.'] } }, false)
    return options.prompt.map(({ role }) => role)
  }
  expect(roles('[1]')).toEqual(['system', 'user', 'assistant', 'user'])
  expect(roles(' \n')).toEqual(['system', 'user', 'user'])
  const { text } = writePrompt({ ...request, correction: { answer: 'x'.repeat(100_000), complaints: [] } }, false)
  expect(text.length).toBeLessThan(22_000)
})
