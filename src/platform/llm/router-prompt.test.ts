import { expect, test } from 'vitest'
import { Lesson } from './fixtures/bench.ts'
import { inputTokensOf, type Request, writePrompt } from './router-prompt.ts'
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

test('images go along, and are counted', () => {
  const { options, text } = writePrompt(request, false)
  expect(options.prompt[1]?.content).toEqual([
    { type: 'text', text: 'Слайд.' },
    { type: 'file', data: { type: 'data', data: new Uint8Array([1, 2, 3]) }, mediaType: 'image/png' },
  ])
  const { estimate, bound } = inputTokensOf(text, request, 'openai')
  const without = inputTokensOf(text, { ...request, parts: [] }, 'openai')
  expect([estimate - without.estimate, bound - without.bound]).toEqual([1_500, 10_000])
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
