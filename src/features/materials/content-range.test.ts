import { expect, test } from 'vitest'
import { chooseBytes, type Wanted } from './content-range.ts'

const FILE = { etag: '"їжак"', size: 1_000 }
const part = (start: number, end: number) => ({ kind: 'part', range: { start, end } })
const [whole, unchanged, unsatisfiable] = [{ kind: 'whole' }, { kind: 'unchanged' }, { kind: 'unsatisfiable' }]

test.each<[Wanted, object]>([
  [{}, whole],
  [{ range: 'bytes=0-' }, part(0, 999)],
  [{ range: 'bytes=0-0' }, part(0, 0)],
  [{ range: 'Bytes=10-19' }, part(10, 19)],
  [{ range: 'bytes=990-5000' }, part(990, 999)],
  [{ range: `bytes=5-${'9'.repeat(400)}` }, part(5, 999)],
  [{ range: 'bytes=-10' }, part(990, 999)],
  [{ range: 'bytes=-5000' }, part(0, 999)],
  [{ range: 'bytes=999-' }, part(999, 999)],
  [{ range: 'bytes=1000-' }, unsatisfiable],
  [{ range: `bytes=${'9'.repeat(400)}-` }, unsatisfiable],
  [{ range: 'bytes=-0' }, unsatisfiable],
  // No range at all, or more than is served.
  [{ range: 'bytes=20-10' }, whole],
  [{ range: 'bytes=5000-10' }, whole],
  [{ range: 'bytes=-' }, whole],
  [{ range: 'bytes=1.5-2' }, whole],
  [{ range: 'bytes=0x1-2' }, whole],
  [{ range: 'bytes=0-1,5-6' }, whole],
  [{ range: 'pages=1-2' }, whole],
  [{ range: '' }, whole],
  // Only of the file that was begun.
  [{ range: 'bytes=1-2', ifRange: '"їжак"' }, part(1, 2)],
  [{ range: 'bytes=1-2', ifRange: 'W/"їжак"' }, whole],
  [{ range: 'bytes=1-2', ifRange: '"лис"' }, whole],
  [{ range: 'bytes=5000-', ifRange: '"лис"' }, whole],
  [{ range: 'bytes=1-2', ifRange: 'Sat, 01 Aug 2026 00:00:00 GMT' }, whole],
  // Nothing, when the client has it.
  [{ ifNoneMatch: '"їжак"' }, unchanged],
  [{ ifNoneMatch: '"лис", W/"їжак"' }, unchanged],
  [{ ifNoneMatch: '*' }, unchanged],
  [{ ifNoneMatch: '"їжак"', range: 'bytes=1-2' }, unchanged],
  [{ ifNoneMatch: '"лис"', range: 'bytes=1-2' }, part(1, 2)],
])('%j', (wanted, expected) => {
  expect(chooseBytes(wanted, FILE)).toEqual(expected)
})

test('an empty file is whole, whatever part of it is asked for', () => {
  for (const range of ['bytes=0-', 'bytes=-5', 'bytes=0-0'])
    expect(chooseBytes({ range }, { ...FILE, size: 0 })).toEqual(whole)
})
