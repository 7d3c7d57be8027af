import { afterAll, expect, test, vi } from 'vitest'
import { body } from './fixtures/input.ts'
import { column, PAGE, pdf, pdfBomb, pdfOf } from './fixtures/pdf.ts'
import { createExtractor } from './index.ts'

vi.setConfig({ testTimeout: 60_000 })

const MIB = 1024 * 1024
const limits = { concurrency: 2, maxRssBytes: 300 * MIB, parseMs: 20_000, maxPages: 50 }
const extractor = createExtractor({ limits })
afterAll(() => extractor.close())

function extract(content: Uint8Array) {
  return extractor.extract({ format: 'pdf', body: body(content, 64 * 1024), signal: new AbortController().signal })
}

test('a PDF is read where nothing but our code can be read', async () => {
  const pages = [
    { texts: [{ text: 'Змінні', x: 50, y: 60, size: 20 }, ...column(['Ґрунтовний урок.'])] },
    { images: [{ x: 0, y: 0, ...PAGE }] },
  ]
  expect(await extract(pdf(pages, { title: 'Курс', compressed: true }))).toEqual({
    title: 'Курс',
    chunks: [
      { order: 1, kind: 'heading', text: 'Змінні', locator: { page: 1 } },
      { order: 2, kind: 'paragraph', text: 'Ґрунтовний урок.', locator: { page: 1 } },
    ],
    pictures: [2],
  })
})

test('a scan has pictures and no text', async () => {
  const scan = { images: [{ x: 0, y: 0, ...PAGE }] }
  expect(await extract(pdf([scan, scan]))).toEqual({ title: null, chunks: [], pictures: [1, 2] })
})

const page = '<< /Type /Page /Parent 2 0 R /MediaBox [0 0 9 9] >>'

test.each<[string, string, () => Buffer]>([
  ['a file that needs a password', 'extract.encrypted', () => pdf([{}], { encrypted: true })],
  ['an empty page', 'extract.empty', () => pdf([{}])],
  ['text', 'extract.unreadable', () => Buffer.from('Це не PDF')],
  ['a content that expands to 2 GB', 'extract.out_of_memory', () => pdfBomb(2048 * MIB)],
  [
    'one page shown a million times',
    'extract.too_large',
    () =>
      pdfOf([
        '<< /Type /Catalog /Pages 2 0 R >>',
        `<< /Type /Pages /Count 1000000 /Kids [${'3 0 R '.repeat(1_000_000)}] >>`,
        page,
      ]),
  ],
])('%s: %s', async (_, code, make) => {
  const file = make()
  const before = process.memoryUsage.rss()
  await expect(extract(file)).rejects.toMatchObject({ name: 'ExtractionError', code })
  expect(process.memoryUsage.rss() - before).toBeLessThan(100 * MIB)
})
