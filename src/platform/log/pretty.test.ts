import { stripVTControlCharacters } from 'node:util'
import { expect, test } from 'vitest'
import { pretty } from './pretty.ts'

const time = new Date(2026, 8, 1, 9, 5, 7).toISOString()
const plain = (line: object) => pretty(`${JSON.stringify(line)}\n`, { colour: false })

test('a line is time, level, message and fields', () => {
  const line = {
    level: 'info',
    time,
    tenant: 'Школа Х',
    route: '/api/v1/courses/:courseId',
    status: 200,
    msg: 'request',
  }
  expect(plain(line)).toBe('09:05:07 INFO  request tenant="Школа Х" route=/api/v1/courses/:courseId status=200\n')
  const coloured = pretty(JSON.stringify(line), { colour: true })
  expect(coloured).toContain('\u001b[')
  expect(stripVTControlCharacters(coloured)).toBe(plain(line))
})

test('under it stand errors with their causes and places', () => {
  const inner = {
    type: 'DatabaseError',
    message: 'gone',
    code: '57P01',
    stack: 'DatabaseError: gone\n    at b (b.ts:2:1)',
  }
  const err = { type: 'Error', message: 'Не вдалося', stack: 'Error: Не вдалося\n    at a (a.ts:1:1)', cause: inner }
  expect(plain({ level: 'error', time, msg: 'failed', err })).toBe(
    [
      '09:05:07 ERROR failed',
      '  Error: Не вдалося',
      '      at a (a.ts:1:1)',
      '  caused by DatabaseError: gone (57P01)',
      '      at b (b.ts:2:1)',
      '',
    ].join('\n'),
  )
})

test('what is no JSON stays as it is', () => {
  expect(pretty('щось інше\n', { colour: true })).toBe('щось інше\n')
})
