import iconv from 'iconv-lite'
import { afterAll, expect, test, vi } from 'vitest'
import { docx, docxBomb, paragraph } from './fixtures/docx.ts'
import { body, stalledBody } from './fixtures/input.ts'
import { box, pptx, text } from './fixtures/pptx.ts'
import { createExtractor, type DocumentFormat, type ExtractRequest } from './index.ts'

vi.setConfig({ testTimeout: 60_000 })

const MIB = 1024 * 1024
const extractor = createExtractor({ limits: { concurrency: 2 } })
afterAll(() => extractor.close())

function extract(
  format: DocumentFormat,
  content: string | Uint8Array,
  more: Partial<ExtractRequest> = {},
  from = extractor,
) {
  return from.extract({ format, body: body(content), signal: new AbortController().signal, ...more })
}

const SENTENCE = 'Ґрунтовний урок про змінні та функції.'

test.each<[DocumentFormat, string | Uint8Array, object]>([
  ['text', SENTENCE, { kind: 'paragraph', text: SENTENCE, locator: { heading: [], paragraph: 1 } }],
  ['text', iconv.encode(SENTENCE, 'windows-1251'), { kind: 'paragraph', text: SENTENCE }],
  ['markdown', `# ${SENTENCE}`, { kind: 'heading', text: SENTENCE, locator: { heading: [SENTENCE], paragraph: 0 } }],
  ['html', `<!doctype html><p>${SENTENCE}`, { kind: 'paragraph', text: SENTENCE }],
  ['docx', docx(paragraph(SENTENCE)), { kind: 'paragraph', text: SENTENCE }],
  ['pptx', pptx([{ shapes: box(text(SENTENCE)) }]), { kind: 'paragraph', text: SENTENCE, locator: { slide: 1 } }],
  [
    'srt',
    `1\n00:00:01,000 --> 00:00:02,500\n${SENTENCE}\n`,
    { kind: 'passage', text: SENTENCE, locator: { start: 1, end: 2.5 } },
  ],
  ['vtt', `WEBVTT\n\n00:01.000 --> 00:02.500\n${SENTENCE}\n`, { kind: 'passage', locator: { start: 1, end: 2.5 } }],
])('%s', async (format, content, chunk) => {
  expect((await extract(format, content)).chunks).toEqual([expect.objectContaining({ order: 1, ...chunk })])
})

test('the title comes along', async () => {
  expect(await extract('html', '<title>Курс</title><p>Текст')).toMatchObject({
    title: 'Курс',
    chunks: [{ text: 'Текст' }],
  })
})

test('the encoding that the transport declared is used', async () => {
  const { chunks } = await extract('html', iconv.encode('<p>ąęł', 'iso-8859-2'), { charset: 'iso-8859-2' })
  expect(chunks[0]?.text).toBe('ąęł')
})

test.each<[string, DocumentFormat, string | Uint8Array, string]>([
  ['an empty file', 'text', '', 'extract.empty'],
  ['no byte of a PDF', 'pdf', '', 'extract.empty'],
  ['no byte of slides', 'pptx', '', 'extract.empty'],
  ['no byte of Word', 'docx', '', 'extract.empty'],
  ['no byte of subtitles', 'vtt', '', 'extract.empty'],
  ['a page of nothing but markup', 'html', '<script>1</script><!-- текст -->', 'extract.empty'],
  [
    'Markdown that is a picture',
    'markdown',
    Buffer.from([0x89, 0x50, 0x4e, 0x47, 0, 0, 0, 13, 0, 0, 0, 1]),
    'extract.unreadable',
  ],
  ['Word that is text', 'docx', SENTENCE, 'extract.unreadable'],
  ['WebVTT that is SubRip', 'vtt', '1\n00:00:01,000 --> 00:00:02,500\nА\n', 'extract.unreadable'],
  ['Markdown nested deeper than its parser can follow', 'markdown', `${'>'.repeat(20_000)} дно`, 'extract.unreadable'],
])('%s', async (_, format, content, code) => {
  await expect(extract(format, content)).rejects.toMatchObject({ name: 'ExtractionError', code })
})

test('a Word file that expands to 500 MB is refused, and costs us next to nothing', async () => {
  const file = await docxBomb(500 * MIB, { declaredSize: 1000 })
  expect(file.length).toBeLessThan(5 * MIB)
  const before = process.memoryUsage.rss()
  await expect(extract('docx', file)).rejects.toMatchObject({ code: 'extract.too_large' })
  expect(process.memoryUsage.rss() - before).toBeLessThan(100 * MIB)
})

test('where it is not refused, it runs into the limits on memory', async () => {
  const limits = {
    maxExpandedBytes: 1024 * MIB,
    maxExpansionRatio: 10_000,
    maxHeapBytes: 128 * MIB,
    maxRssBytes: 400 * MIB,
    concurrency: 1,
  }
  const loose = createExtractor({ limits })
  const before = process.memoryUsage.rss()
  await expect(extract('docx', await docxBomb(500 * MIB), {}, loose)).rejects.toMatchObject({
    code: 'extract.out_of_memory',
  })
  expect(process.memoryUsage.rss() - before).toBeLessThan(100 * MIB)
  await loose.close()
})

test('a document of more chunks than allowed', async () => {
  const small = createExtractor({ limits: { maxChunks: 10, concurrency: 1 } })
  await expect(extract('text', 'абзац\n\n'.repeat(11), {}, small)).rejects.toMatchObject({ code: 'extract.too_large' })
  await expect(extract('text', 'абзац\n\n'.repeat(10), {}, small)).resolves.toMatchObject({ chunks: { length: 10 } })
  await small.close()
})

test('no more children at a time than allowed: a body is not read before its turn', async () => {
  const narrow = createExtractor({ limits: { concurrency: 1 } })
  const first = new AbortController()
  const second = new AbortController()
  let started = false
  async function* input() {
    started = true
    yield Buffer.from('текст')
  }
  const running = narrow.extract({ format: 'text', body: stalledBody(), signal: first.signal })
  const waiting = narrow.extract({ format: 'text', body: input(), signal: second.signal })
  second.abort(new Error('не дочекався'))
  await expect(waiting).rejects.toThrow('не дочекався')
  const next = narrow.extract({ format: 'text', body: input(), signal: new AbortController().signal })
  await new Promise((resolve) => setImmediate(resolve))
  expect(started).toBe(false)
  first.abort(new Error('годі'))
  await expect(running).rejects.toThrow('годі')
  await expect(next).resolves.toMatchObject({ chunks: [{ text: 'текст' }] })
  await narrow.close()
})

test('closing ends what runs, and what comes later is refused', async () => {
  const closing = createExtractor({ limits: { concurrency: 1 } })
  const running = extract('text', '', { body: stalledBody() }, closing)
  const refused = expect(running).rejects.toThrow('closed')
  await closing.close()
  await refused
  await expect(extract('text', 'текст', {}, closing)).rejects.toThrow('closed')
})
