import { expect, test } from 'vitest'
import { deflated, stored, zip } from '../../fixtures/zip.ts'
import { defaultLimits } from '../../limits.ts'
import { openZip } from './zip.ts'

const MIB = 1024 * 1024
const open = (bytes: Buffer, limits: Partial<typeof defaultLimits> = {}) =>
  openZip(bytes, { ...defaultLimits, maxExpansionRatio: 10_000, ...limits })

const unreadable = expect.objectContaining({ code: 'extract.unreadable' })
const tooLarge = expect.objectContaining({ code: 'extract.too_large' })

/** The archive with a number of its end record, or of its first entry, changed. */
function changed(bytes: Buffer, record: 'end' | 'entry', at: number, value: number, size: 2 | 4 = 2): Buffer {
  const copy = Buffer.from(bytes)
  copy.writeUIntLE(value, copy.indexOf(record === 'end' ? 'PK\u0005\u0006' : 'PK\u0001\u0002') + at, size)
  return copy
}

test('files are listed and expanded, whatever the case of their names', () => {
  const archive = open(
    zip([stored('а.txt', 'перший'), stored('тека/', ''), deflated('тека/Б.txt', 'другий'.repeat(100))]),
  )
  expect(archive.names).toEqual(['а.txt', 'тека/Б.txt'])
  expect(archive.read('А.TXT')?.toString()).toBe('перший')
  expect(archive.read('тека/б.txt')?.toString()).toBe('другий'.repeat(100))
  expect(archive.read('немає')).toBeUndefined()
})

test('what comes out is counted, all files together, not what the archive declares', () => {
  const bytes = zip([deflated('а', 'ж'.repeat(100_000)), deflated('б', 'ж'.repeat(100_000))])
  expect(() => open(bytes, { maxExpandedBytes: 199_999 }).read('а')).toThrow(tooLarge)
  const archive = open(bytes, { maxExpandedBytes: 399_999 })
  expect(archive.read('а')?.length).toBe(200_000)
  expect(() => archive.read('б')).toThrow(tooLarge)
  const lying = zip([{ ...deflated('а', 'ж'.repeat(100_000)), size: 10 }])
  expect(() => open(lying, { maxExpandedBytes: 199_999 }).read('а')).toThrow(tooLarge)
})

test('a file that is not as long as it says, or not what its check sum says, is damaged', () => {
  expect(() => open(zip([{ ...deflated('а', 'жах'), size: 10 }])).read('а')).toThrow(unreadable)
  expect(() => open(zip([{ ...stored('а', 'жах'), crc: 1 }])).read('а')).toThrow(unreadable)
})

test('a file may expand to a mebibyte from nothing, beyond that to so many times its size', () => {
  const bytes = zip([
    deflated('а', Buffer.alloc(MIB)),
    deflated('б', Buffer.alloc(MIB + 1)),
    stored('в', Buffer.alloc(9 * MIB)),
  ])
  expect(open(bytes, { maxExpansionRatio: 200 }).read('а')?.length).toBe(MIB)
  expect(() => open(bytes, { maxExpansionRatio: 200 }).read('б')).toThrow(tooLarge)
  expect(open(bytes, { maxExpansionRatio: 2000 }).read('б')?.length).toBe(MIB + 1)
})

test('files that each expand from nothing are too much together', () => {
  const archive = open(zip([deflated('а', Buffer.alloc(MIB)), deflated('б', 'текст')]), { maxExpansionRatio: 100 })
  expect(archive.read('а')?.length).toBe(MIB)
  expect(() => archive.read('б')).toThrow(tooLarge)
})

const plain = zip([stored('а', 'текст'), stored('б', 'текст')])
test.each([
  ['nothing', Buffer.alloc(0)],
  ['text', Buffer.from('Це не архів. '.repeat(10))],
  ['an old Word file', Buffer.from('d0cf11e0a1b11ae1'.repeat(8), 'hex')],
  ['an archive cut in two', zip([stored('а', 'текст'.repeat(100))]).subarray(0, 300)],
  ['an archive whose directory is elsewhere', zip([stored('а', 'текст')]).subarray(4)],
  ['the last part of several', changed(plain, 'end', 4, 1)],
  ['an archive whose directory begins in another part', changed(plain, 'end', 6, 1)],
  ['an archive with files in other parts', changed(plain, 'end', 8, 1)],
  ['a file in another part', changed(plain, 'entry', 34, 1)],
  ['zip64: the number of files', changed(changed(plain, 'end', 8, 0xffff), 'end', 10, 0xffff)],
  ['zip64: the place of the directory', changed(plain, 'end', 16, 0xffffffff, 4)],
  ['zip64: the size of a file', changed(plain, 'entry', 20, 0xffffffff, 4)],
  ['zip64: the place of a file', changed(plain, 'entry', 42, 0xffffffff, 4)],
  ['two files of one name', zip([stored('Назва', '1'), stored('назва', '2')])],
  ['files that lie in one place', overlapping()],
])('%s is not a plain archive', (_, bytes) => {
  expect(() => open(bytes)).toThrow(unreadable)
})

test('encrypted files, damaged ones and methods we do not know are unreadable', () => {
  const damaged = zip([{ ...stored('а', 'це не deflate'), method: 8 }])
  const unknown = zip([{ ...stored('а', 'x'), method: 99 as never }])
  for (const bytes of [damaged, unknown, changed(zip([stored('а', 'x')]), 'entry', 8, 0x0801)]) {
    expect(() => open(bytes).read('а')).toThrow(unreadable)
  }
})

test('an archive of too many files is refused', () => {
  const files = (count: number) => zip(Array.from({ length: count }, (_, index) => stored(`${index}`, '')))
  expect(open(files(10), { maxEntries: 10 }).names.length).toBe(10)
  expect(() => open(files(11), { maxEntries: 10 })).toThrow(tooLarge)
})

/** Two entries that give one file's bytes: https://www.bamsoftware.com/hacks/zipbomb/ */
function overlapping(): Buffer {
  const bytes = zip([stored('а', 'текст'), stored('б', 'текст')])
  bytes.writeUInt32LE(0, bytes.lastIndexOf('PK\u0001\u0002') + 42)
  return bytes
}
