import { randomBytes } from 'node:crypto'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createCursors, toPage } from './index.ts'

const cursors = createCursors(randomBytes(32))
const LIST = ['courses', 'tenant-1', '']

test('a cursor leads its own list back to where it was', () => {
  fc.assert(
    fc.property(fc.array(fc.string()), fc.string({ minLength: 1, unit: 'grapheme' }), (list, position) => {
      expect(cursors.decode(list, cursors.encode(list, position))).toBe(position)
    }),
  )
})

test('and no other cursor does', () => {
  const cursor = cursors.encode(LIST, 'їжак 3')
  const forged = [
    [
      '',
      cursor.slice(0, 20),
      cursor.slice(0, -1),
      `${cursor}A`,
      `${cursor}=`,
      ` ${cursor}`,
      `${cursor}!`,
      cursor.toUpperCase(),
    ],
    // Another place in the same list, under the same signature.
    [Buffer.concat([Buffer.from(cursor, 'base64url').subarray(0, 16), Buffer.from('їжак 4')]).toString('base64url')],
    [createCursors(randomBytes(32)).encode(LIST, 'їжак 3')],
  ].flat()
  for (const text of forged) expect(() => cursors.decode(LIST, text), text).toThrow('The request has wrong fields.')
  for (const list of [['courses', 'tenant-2', ''], ['courses', 'tenant-1'], ['courses', 'tenant-1,'], []])
    expect(() => cursors.decode(list, cursor)).toThrow('The request has wrong fields.')
})

test.each([
  [[1, 2], 2, { items: [1, 2], nextCursor: null }],
  [[1, 2, 3], 2, { items: [1, 2], nextCursor: 'after 2' }],
  [[], 2, { items: [], nextCursor: null }],
])('of the rows %j a page of %i knows whether more follow', (rows, limit, page) => {
  expect(toPage(rows, limit, (last) => `after ${last}`)).toEqual(page)
})
