import { expect, test } from 'vitest'
import { csvLine } from './csv.ts'

test.each([
  ['учень', 'учень'],
  ['а"б', '"а""б"'],
  ['=1+1', "'=1+1"],
  [' =1+1', "' =1+1"],
  ['\u200b@SUM(A1)', "'\u200b@SUM(A1)"],
  // Where a semicolon or a tab parts cells, a formula would begin behind it.
  ['b;=1+1;', '"b;=1+1;"'],
  ['b\t=1', '"b\t=1"'],
  [-3, '-3'],
  [null, ''],
])('%j is written as %j', (value, cell) => {
  expect(csvLine([value])).toBe(`${cell}\r\n`)
})
