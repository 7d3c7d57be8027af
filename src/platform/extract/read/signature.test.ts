import { expect, test } from 'vitest'
import { docx, paragraph } from '../fixtures/docx.ts'
import { defaultLimits, readLimitsOf } from '../limits.ts'
import type { DocumentFormat } from '../protocol.ts'
import { readDocument } from './document.ts'
import { looksLike, requireRecording } from './signature.ts'

const job = (format: DocumentFormat) => ({ format, article: false, charset: null, ...readLimitsOf(defaultLimits) })

const files = {
  png: Buffer.from('89504e470d0a1a0a0000000d49484452000000100000001008060000001ff3ff61', 'hex'),
  jpeg: Buffer.from('ffd8ffe000104a46494600010100', 'hex'),
  pdf: Buffer.from('%PDF-1.4\n1 0 obj\n<<>>\nendobj\n'),
  mp4: Buffer.from('00000020667479706d703432000000006d703432', 'hex'),
  exe: Buffer.from('4d5a90000300000004000000ffff0000b8', 'hex'),
  old: Buffer.from(`d0cf11e0a1b11ae1${'00'.repeat(40)}`, 'hex'),
  rtf: Buffer.from('{\\rtf1\\ansi text}'),
  word: docx(paragraph('текст')),
  page: Buffer.from('\ufeff<!DOCTYPE html><p>Сторінка'),
}

test.each<[keyof typeof files, DocumentFormat, string]>([
  ['png', 'text', 'text: it seems to be a PNG picture'],
  ['jpeg', 'srt', 'subtitles: it seems to be a JPEG picture'],
  ['pdf', 'docx', 'a Word document: it seems to be a PDF document'],
  ['pdf', 'text', 'text: it seems to be a PDF document'],
  ['mp4', 'pptx', 'a PowerPoint presentation: it seems to be an MP4 video'],
  ['mp4', 'markdown', 'text: it seems to be an MP4 video'],
  ['exe', 'markdown', 'text: it seems to be a Windows program'],
  ['old', 'docx', 'a Word document: it seems to be an older Office document, or one with a password'],
  ['rtf', 'docx', 'a Word document: it seems to be a Rich Text'],
  ['rtf', 'text', 'text: it seems to be a Rich Text'],
  ['word', 'html', 'a web page: it seems to be a ZIP archive or a newer Office document'],
  ['page', 'docx', 'a Word document: it seems to be a web page'],
])('%s named as %s', async (file, format, sentence) => {
  await expect(readDocument(files[file], job(format))).rejects.toMatchObject({
    code: 'extract.unreadable',
    message: expect.stringContaining(`could not be read as ${sentence}`),
  })
})

test.each(['MZ — це скорочення', 'BM25 ранжує', 'ID3 будує дерево рішень', 'Урок %PDF- про формати', '<html', ''])(
  'a text may begin with %j',
  (text) => {
    expect(looksLike(Buffer.from(text)).kind).toMatch(/text|unknown/)
  },
)

const zeros = '00'.repeat(16)

test.each([
  ['.mp4', '00000020667479706d703432'],
  ['.m4a', '0000001c667479704d344120'],
  ['.mov', '0000000877696465'],
  ['.webm, .mkv', '1a45dfa3a3428682'],
  ['.mp3', '4944330400000000'],
  ['.mp3 without tags', 'fff348c4'],
  ['.wav', '524946462400000057415645666d7420'],
])('%s is a recording', (_, start) => {
  expect(() => requireRecording(Buffer.from(start + zeros, 'hex'))).not.toThrow()
})

test.each<[string, string | Buffer]>([
  ['text', '#EXTM3U\n#EXT-X-VERSION:3\nhttp://169.254.169.254/latest\n'],
  ['text', 'ffconcat version 1.0\nfile /etc/passwd\n'],
  ['of another kind', '#EXTM3U\n# плейлист\nfile:///etc/passwd\n'],
  ['a PDF document', files.pdf],
  ['a ZIP archive', files.word],
  ['a Windows program', files.exe],
  ['a PNG picture', files.png],
  ['of another kind', ''],
])('what seems to be %s is no recording', (name, content) => {
  const read = () => requireRecording(Buffer.from(content))
  expect(read).toThrow(`could not be read as a film or recording: it seems to be ${name}`)
})
