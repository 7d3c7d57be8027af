import { expect, test } from 'vitest'
import { serializeError } from './serialize-error.ts'

test('of an error its kind, words, code, place and causes are kept, and nothing else', () => {
  const refusal = Object.assign(new Error('duplicate key'), {
    code: '23505',
    detail: 'Key (email)=(oksana@example.com) already exists.',
    client: { secretKey: 1 },
  })
  const shown = serializeError(new TypeError('Не вдалося', { cause: new AggregateError([refusal, 'слово'], 'both') }))
  const place = expect.stringContaining('serialize-error.test.ts')
  expect(shown).toEqual({
    type: 'TypeError',
    message: 'Не вдалося',
    stack: place,
    cause: {
      type: 'AggregateError',
      message: 'both',
      stack: place,
      errors: [{ type: 'Error', message: 'duplicate key', code: '23505', stack: place }, 'слово'],
    },
  })
})

test('a cause that is its own cause comes to an end', () => {
  const error = new Error('round and round')
  error.cause = error
  expect(JSON.stringify(serializeError(error)).match(/round and round/g)?.length).toBeLessThan(20)
})
