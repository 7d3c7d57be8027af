import { deflateRawSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { stored, zip } from '../fixtures/zip.ts'
import { expand, readZip } from './zip.ts'

const unreadable = expect.objectContaining({ code: 'extract.unreadable' })
const tooLarge = expect.objectContaining({ code: 'extract.too_large' })

function deflated(name: string, content: string) {
  return { ...stored(name, content), method: 8 as const, bytes: deflateRawSync(content) }
}

test('entries are listed and expanded', () => {
  const entries = readZip(zip([stored('а.txt', 'перший'), deflated('тека/б.txt', 'другий'.repeat(100))]))
  expect(entries.map((entry) => entry.name)).toEqual(['а.txt', 'тека/б.txt'])
  expect(entries.map((entry) => expand(entry, 10_000).toString())).toEqual(['перший', 'другий'.repeat(100)])
})

test('what comes out is counted, not what the archive declares', () => {
  const [entry] = readZip(zip([deflated('а', 'ж'.repeat(100_000))], { declaredSize: 10 }))
  expect(entry && (() => expand(entry, 199_999))).toThrow(tooLarge)
  expect(entry && expand(entry, 200_000).length).toBe(200_000)
})

test.each([
  ['nothing', Buffer.alloc(0)],
  ['text', Buffer.from('Це не архів. '.repeat(10))],
  ['an old Word file', Buffer.from('d0cf11e0a1b11ae1'.repeat(8), 'hex')],
  ['an archive cut in two', zip([stored('а', 'текст'.repeat(100))]).subarray(0, 300)],
  ['an archive whose directory is elsewhere', zip([stored('а', 'текст')]).subarray(4)],
])('%s is not a zip archive', (_, bytes) => {
  expect(() => readZip(bytes)).toThrow(unreadable)
})

test('damaged content and methods we do not know are unreadable', () => {
  const damaged = { ...stored('а', 'це не deflate'), method: 8 as const }
  const unknown = { ...stored('а', 'x'), method: 99 as never }
  for (const file of [damaged, unknown]) {
    const [entry] = readZip(zip([file]))
    expect(entry && (() => expand(entry, 1000))).toThrow(unreadable)
  }
})

test('an archive of too many entries is refused', () => {
  expect(() => readZip(zip(Array.from({ length: 10_001 }, (_, index) => stored(`${index}`, ''))))).toThrow(tooLarge)
})
