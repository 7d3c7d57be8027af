import { expect, test } from 'vitest'
import { createCollector } from './collector.ts'
import { type Block, writeMessage } from './protocol.ts'

const limits = { maxTextBytes: 1000, maxChunks: 5, maxChunkChars: 100, maxPages: 3 }
const block = (text: string, heading: string[] = []): Block => ({
  kind: 'paragraph',
  text,
  locator: { heading, paragraph: 1 },
})
const line = (value: Block) => writeMessage({ type: 'block', block: value })
const done = writeMessage({ type: 'done' })
const picture = (page: number) => writeMessage({ type: 'picture', page })

function collect(text: string, changes: Partial<typeof limits> = {}) {
  const collector = createCollector({ ...limits, ...changes })
  const bytes = Buffer.from(text)
  // One byte at a time: characters and lines arrive in halves.
  for (let at = 0; at < bytes.length; at += 1) collector.push(bytes.subarray(at, at + 1))
  return collector.result()
}

const crashed = expect.objectContaining({ code: 'extract.crashed' })
const tooLarge = expect.objectContaining({ code: 'extract.too_large' })

test('chunks are numbered from 1 in the order they come', () => {
  const title = writeMessage({ type: 'title', title: 'Назва' })
  const passage: Block = { kind: 'passage', text: 'є', locator: { start: 0.5, end: 1 } }
  const onPage: Block = { kind: 'paragraph', text: 'ї', locator: { page: 7 } }
  expect(collect(title + line(block('ґ')) + line(passage) + line(onPage) + done)).toEqual({
    title: 'Назва',
    chunks: [
      { order: 1, kind: 'paragraph', text: 'ґ', locator: { heading: [], paragraph: 1 } },
      { order: 2, kind: 'passage', text: 'є', locator: { start: 0.5, end: 1 } },
      { order: 3, kind: 'paragraph', text: 'ї', locator: { page: 7 } },
    ],
    pictures: [],
  })
})

test('pages that show more than they say are listed, and are something where there is no text', () => {
  expect(collect(picture(2) + picture(5) + done)).toEqual({ title: null, chunks: [], pictures: [2, 5] })
})

test('a document without chunks is empty', () => {
  expect(() => collect(done)).toThrow(expect.objectContaining({ code: 'extract.empty' }))
})

test('what the child reports is what went wrong', () => {
  const failed = writeMessage({ type: 'failed', code: 'extract.unreadable', message: 'Не читається.' })
  expect(() => collect(line(block('а')) + failed)).toThrow(
    expect.objectContaining({ code: 'extract.unreadable', message: 'Не читається.' }),
  )
})

test.each([
  ['an end without a word', line(block('а'))],
  ['half a last line', `${line(block('а'))}${done.trim()}`],
  ['a line that is not JSON', `ой\n${done}`],
  ['JSON that is no message', `[]\n${done}`],
  ['an unknown message', `{"type":"more"}\n${done}`],
  ['words after the end', done + line(block('а'))],
  ['a chunk longer than asked for', line(block('а'.repeat(101))) + done],
  ['a chunk of an unknown kind', line({ ...block('а'), kind: 'secret' as never }) + done],
  ['a chunk without text', line(block('')) + done],
  ['a place that is none', line({ ...block('а'), locator: { heading: 'а' } as never }) + done],
  ['a passage that ends before it starts', line({ ...block('а'), locator: { start: 2, end: 1 } }) + done],
  ['a page before the first', line({ ...block('а'), locator: { page: 0 } }) + done],
  ['a page that is no number', `{"type":"picture","page":"1"}\n${done}`],
  ['a page that was there already', picture(2) + picture(2) + done],
  ['more pages than a document may have', picture(1) + picture(2) + picture(3) + picture(4) + done],
  ['an unknown failure', `{"type":"failed","code":"access.granted","message":"а"}\n`],
])('%s is a crash', (_, text) => {
  expect(() => collect(text)).toThrow(crashed)
})

test('a line without end is cut off', () => {
  const collector = createCollector(limits)
  const piece = Buffer.alloc(10_000, 'x')
  expect(() => {
    for (let index = 0; index < 10; index += 1) collector.push(piece)
  }).toThrow(crashed)
})

test('too many chunks and too much text are refused', () => {
  expect(collect(line(block('а')).repeat(5) + done).chunks.length).toBe(5)
  expect(() => collect(line(block('а')).repeat(6) + done)).toThrow(tooLarge)
  expect(collect(line(block('а'.repeat(100))).repeat(5) + done).chunks.length).toBe(5)
  expect(() => collect(line(block('а'.repeat(100))).repeat(5) + done, { maxTextBytes: 999 })).toThrow(tooLarge)
})

test('a path is counted once for all that stand under it', () => {
  const below = line(block('а', ['б'.repeat(100)]))
  expect(collect(below.repeat(5) + done, { maxTextBytes: 210 }).chunks.length).toBe(5)
  const elsewhere = line(block('а', ['в'.repeat(100)]))
  expect(() => collect(below + elsewhere + done, { maxTextBytes: 210 })).toThrow(tooLarge)
})
