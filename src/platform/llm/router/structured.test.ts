import { Type } from 'typebox'
import { describe, expect, test } from 'vitest'
import { PROVIDERS } from '../registry.ts'
import { dialectOf, type JsonSchema, readAnswer } from './structured.ts'

const Source = Type.Union([
  Type.Object({ page: Type.Integer({ minimum: 1 }) }, { additionalProperties: false }),
  Type.Object(
    { url: Type.String({ format: 'uri' }), title: Type.Optional(Type.String()) },
    { additionalProperties: false },
  ),
])
const Lesson = Type.Object(
  {
    title: Type.String({ minLength: 1, maxLength: 50, description: 'Short.' }),
    level: Type.Union([Type.Literal('easy'), Type.Literal('hard')]),
    goal: Type.Optional(Type.String()),
    note: Type.Optional(Type.Union([Type.String(), Type.Null()])),
    sources: Type.Array(Source, { maxItems: 20 }),
  },
  { additionalProperties: false },
)
const GOOD = { title: 'Дроби', level: 'easy', sources: [{ page: 1 }] }

/** Every schema in it, at any depth. */
function schemasIn(value: unknown): JsonSchema[] {
  if (typeof value !== 'object' || value === null) return []
  return [value as JsonSchema, ...Object.values(value).flatMap(schemasIn)]
}

describe.each(PROVIDERS)('%s', (provider) => {
  const { schema, strict } = dialectOf(Lesson, provider)
  const all = schemasIn(schema)

  test('every object is closed, and bounds are told in words', () => {
    expect(strict).toBe(true)
    for (const { type, additionalProperties } of all) if (type === 'object') expect(additionalProperties).toBe(false)
    for (const bound of ['maxLength', 'minLength', 'minimum', 'maxItems', 'format']) {
      expect(all.filter((schema) => bound in schema)).toEqual([])
    }
    expect(schema['properties']).toMatchObject({
      title: { type: 'string', description: 'Short. (at least 1 characters, at most 50 characters)' },
      sources: { type: 'array', description: '(at most 20 items)' },
    })
  })

  test('optional fields are left out, or null where all are required', () => {
    const isStrict = provider === 'openai' || provider === 'compatible'
    const names = ['goal', 'level', 'note', 'sources', 'title']
    expect([...(schema['required'] as string[])].sort()).toEqual(isStrict ? names : ['level', 'sources', 'title'])
    const { goal } = schema['properties'] as Record<string, JsonSchema>
    expect(goal).toEqual(isStrict ? { anyOf: [{ type: 'string' }, { type: 'null' }] } : { type: 'string' })
  })
})

test('a map cannot be enforced', () => {
  const { schema, strict } = dialectOf(Type.Object({ words: Type.Record(Type.String(), Type.Integer()) }), 'openai')
  expect(strict).toBe(false)
  expect(JSON.stringify(schema)).toContain('patternProperties')
})

test('the schema itself stays as it is', () => {
  const before = JSON.stringify(Lesson)
  dialectOf(Lesson, 'openai')
  expect(JSON.stringify(Lesson)).toBe(before)
})

const json = JSON.stringify(GOOD)

test.each([
  ['bare', json],
  ['with blanks', `\n ${json}\n`],
  ['in a fence', `\`\`\`json\n${json}\n\`\`\``],
  ['in a fence, with talk', `Ось курс:\n\`\`\`\n${json}\n\`\`\`\nГотово.`],
])('%s', (_name, text) => {
  expect(readAnswer(text, Lesson)).toEqual({ output: GOOD })
})

test('null for what may be left out is left out, at any depth, and kept where it may be null', () => {
  const sources = [{ url: 'https://example.com', title: null }]
  expect(readAnswer(JSON.stringify({ ...GOOD, goal: null, note: null, sources }), Lesson)).toEqual({
    output: { ...GOOD, note: null, sources: [{ url: 'https://example.com' }] },
  })
})

test('what PostgreSQL cannot hold is taken out', () => {
  expect(readAnswer(JSON.stringify({ ...GOOD, title: 'Др\u0000оби\ud800' }), Lesson)).toEqual({
    output: { ...GOOD, title: 'Дроби\ufffd' },
  })
})

test.each([
  ['', ['It is not one JSON document.']],
  ['{"title":"Дро', ['It is not one JSON document.']],
  [`${json} ${json}`, ['It is not one JSON document.']],
  ['null', ['(all): must be object']],
  [JSON.stringify({ ...GOOD, title: '' }), ['/title: must not have fewer than 1 characters']],
  [JSON.stringify({ ...GOOD, more: 1 }), ['(all): must not have additional properties']],
])('%s is complained about', (text, complaints) => {
  expect(readAnswer(text, Lesson)).toEqual({ complaints })
})

test('complaints are few and short', () => {
  const sources = Array.from({ length: 1000 }, () => ({ ['x'.repeat(5000)]: 1 }))
  const reading = readAnswer(JSON.stringify({ sources }), Lesson)
  const complaints = 'complaints' in reading ? reading.complaints : []
  expect(complaints.length).toBeGreaterThan(0)
  expect(complaints.length).toBeLessThanOrEqual(10)
  for (const complaint of complaints) expect(complaint.length).toBeLessThanOrEqual(200)
})

test('a field named __proto__ is only a field', () => {
  expect(readAnswer('{"title":"a","level":"easy","sources":[],"__proto__":{"page":1}}', Lesson)).toEqual({
    complaints: ['(all): must not have additional properties'],
  })
})

test('an answer of a million mistakes is refused for the first of them', () => {
  const reading = readAnswer(JSON.stringify({ ...GOOD, sources: Array(200_000).fill(0) }), Lesson)
  const complaints = 'complaints' in reading ? reading.complaints : []
  expect(complaints.length).toBeGreaterThan(0)
  // None of those that come late is looked at.
  expect(complaints.every((complaint) => Number(/\/sources\/(\d+)/.exec(complaint)?.[1] ?? 0) < 10_000)).toBe(true)
})
