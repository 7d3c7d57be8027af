import { expect, test } from 'vitest'
import { bullet, docx, paragraph, table } from '../../fixtures/docx.ts'
import { stored, zip } from '../../fixtures/zip.ts'
import { defaultLimits } from '../../limits.ts'
import { readDocx } from './docx.ts'

const limits = { ...defaultLimits, maxExpandedBytes: 1024 * 1024 }

async function read(bytes: Buffer) {
  const { title, blocks } = await readDocx(bytes, limits)
  return { title, blocks: [...blocks] }
}

test('a Word document: title, headings by style, paragraphs, lists, tables', async () => {
  const body =
    paragraph('Курс Python', 'a3') +
    paragraph('Модуль 1', '1') +
    paragraph('Перший абзац про ґенерики.') +
    paragraph('Урок &amp; вправи', '2') +
    bullet('один') +
    bullet('вкладений', 1) +
    bullet('два') +
    table([
      ['Мова', 'Рік'],
      ['C', '1972'],
    ]) +
    paragraph('Кінець')
  const under = ['Модуль 1', 'Урок & вправи']
  expect(await read(docx(body))).toEqual({
    title: 'Курс Python',
    blocks: [
      { kind: 'heading', text: 'Модуль 1', locator: { heading: ['Модуль 1'], paragraph: 0 } },
      { kind: 'paragraph', text: 'Перший абзац про ґенерики.', locator: { heading: ['Модуль 1'], paragraph: 1 } },
      { kind: 'heading', text: 'Урок & вправи', locator: { heading: under, paragraph: 0 } },
      { kind: 'list', text: '- один\n  - вкладений\n- два', locator: { heading: under, paragraph: 1 } },
      { kind: 'table', text: 'Мова | Рік\nC | 1972', locator: { heading: under, paragraph: 2 } },
      { kind: 'paragraph', text: 'Кінець', locator: { heading: under, paragraph: 3 } },
    ],
  })
})

test('without a paragraph of the style Title, the title is the one in the properties', async () => {
  expect((await read(docx(paragraph('текст'), { title: ' Основи &amp; вступ ' }))).title).toBe('Основи & вступ')
  expect((await read(docx(paragraph('текст')))).title).toBeNull()
})

test.each([
  ['text', Buffer.from('Це не Word. '.repeat(20))],
  ['an archive of something else', zip([stored('а.txt', 'текст')])],
  [
    'a document with broken XML',
    zip([stored('[Content_Types].xml', '<Types'), stored('word/document.xml', '<w:document>')]),
  ],
  ['a document without its text', zip([stored('[Content_Types].xml', '<Types/>')])],
])('%s is unreadable', async (_, bytes) => {
  await expect(read(bytes)).rejects.toMatchObject({ code: 'extract.unreadable' })
})

test('XML that expands beyond the limit is refused, all parts that are read counted together', async () => {
  const part = (name: string) => stored(name, `<a>${' '.repeat(600 * 1024)}</a>`)
  const comments = part('word/comments.xml')
  await expect(read(docx(paragraph('текст'), { more: [comments, part('word/інше.xml')] }))).resolves.toBeDefined()
  await expect(read(docx(paragraph('текст'), { more: [comments, part('word/footnotes.xml')] }))).rejects.toMatchObject({
    code: 'extract.too_large',
  })
})
