import { expect, test } from 'vitest'
import { table } from './table.ts'

test('columns stand under their heads, numbers to the right, what is missing as a dash', () => {
  const rows = [
    ['Школа', 5, true, new Date('2026-09-01T09:05:59Z')],
    ['Їжачок і компанія', 12, false, null],
  ]
  expect(table(['NAME', 'KEYS', 'ACTIVE', 'EXPIRES UTC'], rows, 'none')).toBe(
    [
      'NAME               KEYS  ACTIVE  EXPIRES UTC',
      '─────────────────  ────  ──────  ────────────────',
      'Школа                 5  yes     2026-09-01 09:05',
      'Їжачок і компанія    12  no      –',
    ].join('\n'),
  )
})

test('without rows there is only the note', () => {
  expect(table(['NAME'], [], 'There is no tenant yet.')).toBe('There is no tenant yet.')
})

test('what clients wrote cannot steer the terminal', () => {
  expect(table(['LABEL'], [['\u001b[2Jа\nб']], '')).toBe('LABEL\n───────\n�[2Jа�б')
})
