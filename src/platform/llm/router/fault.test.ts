import { APICallError } from '@ai-sdk/provider'
import { expect, test } from 'vitest'
import { Flood, Silence } from '../adapters/one-request.ts'
import { faultOf } from './fault.ts'

const now = new Date('2026-03-01T10:00:00Z')
const SECRET = 'Матеріал, якого ніхто не має бачити.'

const api = (statusCode: number | undefined, more: object = {}) =>
  new APICallError({
    message: SECRET,
    url: 'http://127.0.0.1/',
    requestBodyValues: { SECRET },
    responseBody: SECRET,
    ...(statusCode !== undefined && { statusCode }),
    ...more,
  })
const refusedConnection = api(undefined, { cause: Object.assign(new Error('connect'), { code: 'ECONNREFUSED' }) })

test.each([
  ['429', api(429), true, { outcome: 'rate_limited', passes: true, isFree: true }],
  ['429 of an empty account', api(429, { data: { error: { code: 'insufficient_quota' } } }), true, { passes: false }],
  ['402', api(402), true, { outcome: 'rejected', status: 402, passes: false, isOurs: true }],
  ['403', api(403), true, { outcome: 'unauthorized', passes: false, isOurs: true }],
  ['404', api(404), true, { outcome: 'rejected', passes: false, isOurs: true }],
  [
    '400 for a wrong key',
    api(400, { responseBody: '{"error":{"code":400,"details":[{"reason":"API_KEY_INVALID"}]}}' }),
    true,
    { outcome: 'unauthorized', passes: false, isOurs: true },
  ],
  ['408', api(408), true, { outcome: 'timeout', passes: true }],
  [
    '529 in a stream',
    { message: SECRET, type: 'overloaded_error', statusCode: 529 },
    true,
    { outcome: 'server_error', code: 'overloaded_error' },
  ],
  [
    'an error in a stream',
    { message: SECRET, code: 'oom' },
    true,
    { outcome: 'server_error', passes: true, isFree: false },
  ],
  ['words in a stream', SECRET, true, { outcome: 'server_error', isFree: false }],
  ['nobody there', refusedConnection, true, { outcome: 'network', code: 'ECONNREFUSED', isFree: true }],
  ['a response that broke off', api(200), true, { outcome: 'network', passes: true, isFree: false }],
  [
    'a request that cannot be written',
    new TypeError(SECRET),
    false,
    { outcome: 'rejected', passes: false, isFree: true },
  ],
  ['silence', new Silence(SECRET), true, { outcome: 'timeout', passes: true, isFree: false }],
  ['a flood', new Flood(SECRET), true, { outcome: 'malformed', passes: false, isFree: false }],
])('%s', (_name, error, isSent, fault) => {
  const found = faultOf(error, isSent, now)
  expect(found).toMatchObject(fault)
  expect(JSON.stringify(found)).not.toContain('Матеріал')
  if (!('isOurs' in fault)) expect(found).not.toHaveProperty('isOurs')
})
