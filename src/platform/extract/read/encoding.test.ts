import iconv from 'iconv-lite'
import { expect, test } from 'vitest'
import { defaultLimits, readLimitsOf } from '../limits.ts'
import type { DocumentFormat } from '../protocol.ts'
import { readDocument } from './document.ts'
import { decodeText } from './encoding.ts'

const LESSON = 'Об’єктно-орієнтоване програмування — це парадигма, у якій «об’єкт» має стан і поведінку.'
const plain = { charset: null, html: false }

test.each(['utf-8', 'utf-16le', 'utf-16be'])('%s with a byte order mark, which is not part of the text', (encoding) => {
  expect(decodeText(iconv.encode(LESSON, encoding, { addBOM: true }), plain)).toBe(LESSON)
})

test.each(['Привіт, світе!', 'Урок 1', LESSON, '1\r\n00:00:01,000 --> 00:00:02,000\r\nДобрий день, студенти\r\n'])(
  'windows-1251 is recognised without a declaration: %j',
  (text) => {
    expect(decodeText(iconv.encode(text, 'windows-1251'), plain)).toBe(text)
  },
)

test('KOI8-U is recognised in a text of some length', () => {
  const text = 'Їжак з’їв грушу. Це урок про змінні та функції.'.replace('’', "'")
  expect(decodeText(iconv.encode(text, 'koi8-u'), plain)).toBe(text)
})

test('what the page declares is believed, and what the transport declares before it', () => {
  const page = '<meta http-equiv="Content-Type" content="text/html; charset=iso-8859-2"><p>ąęł'
  const bytes = iconv.encode(page, 'iso-8859-2')
  expect(decodeText(bytes, { charset: null, html: true })).toContain('ąęł')
  expect(decodeText(bytes, { charset: 'windows-1251', html: true })).not.toContain('ąęł')
  expect(
    decodeText(iconv.encode(`<meta charset='iso-8859-2'>ąęł`, 'iso-8859-2'), { charset: null, html: true }),
  ).toContain('ąęł')
})

test('a page saved as UTF-8 is UTF-8 whatever it still declares', () => {
  const page = `<meta charset="windows-1251"><p>${LESSON}`
  expect(decodeText(Buffer.from(page), { charset: 'windows-1251', html: true })).toBe(page)
})

test('declared encodings mean what they mean on the web', () => {
  const bytes = Buffer.from([0x93, 0xe9, 0x94])
  expect(decodeText(bytes, { charset: 'iso-8859-1', html: false })).toBe('“é”')
})

test('a declared encoding that nobody knows, or that is not true, is not believed', () => {
  const bytes = iconv.encode(LESSON, 'windows-1251')
  expect(decodeText(bytes, { charset: 'x-невідоме', html: false })).toBe(LESSON)
  for (const charset of ['utf-8', 'utf-16', 'base64', ''])
    expect(decodeText(bytes, { charset, html: false })).toBe(LESSON)
})

test('one broken byte does not make UTF-8 something else', () => {
  const bytes = Buffer.concat([Buffer.from(LESSON), Buffer.from([0xd0])])
  expect(decodeText(bytes, { charset: 'windows-1251', html: false })).toBe(`${LESSON}\ufffd`)
})

test.each([
  ['a picture', Buffer.from('89504e470d0a1a0a0000000d49484452000000100000001008060000001ff3ff61', 'hex')],
  ['zeros', Buffer.alloc(1000)],
  ['control characters', Buffer.from(Array.from({ length: 400 }, (_, index) => index % 32))],
  ['a text with a zero in it', Buffer.from(`${LESSON}\u0000${LESSON}`)],
])('%s is not text', (_, bytes) => {
  expect(() => decodeText(bytes, plain)).toThrow(expect.objectContaining({ code: 'extract.unreadable' }))
})

test('zeros that fill a text up are not part of it', () => {
  expect(decodeText(Buffer.from(`${LESSON}\u0000\u0000`), plain)).toBe(LESSON)
})

test.each(['utf-16le', 'utf-16be'])('%s without a byte order mark', (encoding) => {
  for (const text of [LESSON, '1\r\n00:00:01,000 --> 00:00:02,000\r\nТак\r\n', 'Lesson 1. Variables', 'Урок 1']) {
    expect(decodeText(iconv.encode(text, encoding, { addBOM: false }), plain)).toBe(text)
  }
})

const words = 'Ґава з’їла яблуко, а їжак — грушу. Це урок про змінні та функції.'
  .replaceAll('’', "'")
  .replaceAll('—', '-')
const formats: [DocumentFormat, string][] = [
  ['text', words],
  ['markdown', words],
  ['html', `<!DOCTYPE html><p>${words}</p>`],
  ['srt', `1\r\n00:00:01,000 --> 00:00:02,000\r\n${words}\r\n`],
  ['vtt', `WEBVTT\r\n\r\n00:01.000 --> 00:02.000\r\n${words}\r\n`],
]
const encodings = [
  'utf-8',
  'utf-8 with mark',
  'utf-16le',
  'utf-16le with mark',
  'utf-16be',
  'utf-16be with mark',
  'windows-1251',
  'koi8-u',
]
test.each(formats.flatMap(([format, content]) => encodings.map((encoding) => ({ format, content, encoding }))))(
  '$format in $encoding',
  async ({ format, content, encoding }) => {
    const bytes = iconv.encode(content, encoding.replace(' with mark', ''), { addBOM: encoding.endsWith('mark') })
    const job = { format, article: false, charset: null, ...readLimitsOf(defaultLimits) }
    const { blocks } = await readDocument(bytes, job)
    expect([...blocks].map((block) => block.text).join(' ')).toBe(words)
  },
)
