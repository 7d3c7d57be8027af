import type { TSchema } from 'typebox'
import { Type } from 'typebox'
import { expect, test } from 'vitest'
import { startBareServer } from '#test/bare-server.ts'
import { Input, Nullable, OneOf } from './schemas.ts'

const Locator = Type.Union([
  Input({ page: Type.Integer({ minimum: 1 }) }),
  Input({ slide: Type.Integer({ minimum: 1 }) }),
  Input({ start: Type.Number(), end: Type.Number() }),
  Input({ heading: Type.Array(Type.String()), paragraph: Type.Integer() }),
])
const Answer = Type.Union([Type.String({ maxLength: 3 }), Type.Number(), Type.Array(Type.String(), { maxItems: 2 })])
const Key = Nullable(Type.Union([Type.Array(Type.String()), Input({ value: Type.Number(), tolerance: Type.Number() })]))

const body = Input({
  locators: Type.Optional(Type.Array(Locator)),
  answer: Type.Optional(Answer),
  key: Type.Optional(Key),
  level: Type.Optional(Nullable(OneOf('easy', 'hard'))),
})

test.each<[string, unknown, [string, string][]]>([
  ['a field of its own says which was meant', { locators: [{ page: 0 }] }, [['locators.0.page', 'must be >= 1']]],
  ['with one field too few', { locators: [{ page: 1 }, { start: 1 }] }, [['locators.1.end', 'is required']]],
  ['with one too many', { locators: [{ page: 1, x: 1 }] }, [['locators.0.x', 'is not a known field']]],
  ['the type says it, too', { answer: 'довга' }, [['answer', 'must NOT have more than 3 characters']]],
  ['and that of a list', { answer: ['а', 1] }, [['answer.1', 'must be string']]],
  ['a type that none has', { answer: true }, [['answer', 'must be string, number, or array']]],
  ['a union in another', { key: { value: 1 } }, [['key.tolerance', 'is required']]],
  ['of which none has the type', { key: 'так' }, [['key', 'must be array, object, or null']]],
  ['what may be null', { level: 'Hard' }, [['level', 'must be "easy" or "hard"']]],
  ['what may be null, of another type', { level: 7 }, [['level', 'must be string or null']]],
])('%s', async (_what, json, errors) => {
  expect(await errorsOf(body, json)).toEqual(errors)
})

test('where nothing tells which was meant, the nearest are told', async () => {
  const told = (await errorsOf(body, { locators: [{}] })).map(([path]) => path)
  expect(told).toEqual(['locators.0.page', 'locators.0.slide'])
})

async function errorsOf(schema: TSchema, json: unknown): Promise<[string, string][]> {
  const server = await startBareServer((api) => {
    const response = { 200: Type.Object({}) }
    api.post('/sent', { schema: { body: schema, response }, config: { access: 'prep' } }, async () => ({}))
  })
  try {
    const headers = { 'content-type': 'application/json' }
    const answer = await fetch(`${server.url}/sent`, { method: 'POST', headers, body: JSON.stringify(json) })
    const { errors } = (await answer.json()) as { errors: { path: string; message: string }[] }
    expect(answer.status).toBe(422)
    return errors.map(({ path, message }) => [path, message])
  } finally {
    await server.close()
  }
}
