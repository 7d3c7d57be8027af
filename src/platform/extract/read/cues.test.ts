import { expect, test } from 'vitest'
import * as cues from './cues.ts'

const parseSrt = (text: string, maxCues = 100) => cues.parseSrt(text, maxCues)
const parseVtt = (text: string) => cues.parseVtt(text, 100)

test('SubRip as it should be', () => {
  const srt = '1\n00:00:01,500 --> 00:00:04,000\nДобрий день,\nстуденти!\n\n2\n01:00:00,007 --> 01:00:02,000\nКінець.\n'
  expect(parseSrt(srt)).toEqual([
    { start: 1.5, end: 4, lines: ['Добрий день,', 'студенти!'] },
    { start: 3600.007, end: 3602, lines: ['Кінець.'] },
  ])
})

test('SubRip as it is: byte order mark, CRLF, no numbers, dots, no hours, missing and extra blank lines, markup', () => {
  const srt =
    '\ufeff00:01.5 --> 00:03.25\r\n<i>Перший</i> {\\an8}рядок\r\n\r\nі ще один\r\n\r\n\r\n7\r\n00:00:05,000-->00:00:06,000 X1:1\r\n42\r\n' +
    '00:00:07,000 --> 00:00:08,000\r\na < b &amp; <font color="#fff">в</font>\r\n'
  expect(parseSrt(srt)).toEqual([
    { start: 1.5, end: 3.25, lines: ['Перший рядок', 'і ще один'] },
    { start: 5, end: 6, lines: [] },
    { start: 7, end: 8, lines: ['a < b & в'] },
  ])
})

test('a cue may consist of a number', () => {
  expect(parseSrt('00:01 --> 00:02\n42\n\n00:03 --> 00:04\n43')).toMatchObject([{ lines: ['42'] }, { lines: ['43'] }])
})

test('cues that end before they start are passed over; the rest is put in order', () => {
  const srt = '00:09 --> 00:10\nдруга\n\n00:05 --> 00:04\nхибна\n\n00:01 --> 00:02\nперша'
  expect(parseSrt(srt).map((cue) => cue.lines)).toEqual([['перша'], ['друга']])
})

test('WebVTT: names, settings, notes, styles, regions, tags and references', () => {
  const vtt = [
    'WEBVTT - Лекція',
    'Kind: captions',
    '',
    'STYLE',
    '::cue { color: red }',
    '',
    'REGION',
    'id:fred',
    '',
    'NOTE',
    'примітка, якої',
    'ніхто не читає',
    '',
    'вступ',
    '00:01.000 --> 00:04.000 align:start position:0%',
    '<v Леся><c.red>Слово</c> за<00:00:02.000> словом&nbsp;&lt;b&gt;',
    '',
    'NOTE ще примітка',
    '',
    '100:00:00.000 --> 100:00:01.000',
    'Далі',
  ].join('\n')
  expect(parseVtt(vtt)).toEqual([
    { start: 1, end: 4, lines: ['Слово за словом <b>'] },
    { start: 360_000, end: 360_001, lines: ['Далі'] },
  ])
})

test.each([
  ['WebVTT without its header', () => parseVtt('00:01.000 --> 00:02.000\nтекст')],
  ['WebVTT whose header runs on', () => parseVtt('WEBVTTX\n\n00:01.000 --> 00:02.000\nтекст')],
  ['SubRip without one cue', () => parseSrt('1\nпросто текст\n2\n')],
  ['an empty SubRip', () => parseSrt('')],
])('%s is unreadable', (_, parse) => {
  expect(parse).toThrow(expect.objectContaining({ code: 'extract.unreadable' }))
})

test('subtitles of too many captions are refused', () => {
  const captions = (count: number) => '00:01 --> 00:02\nтак\n\n'.repeat(count)
  expect(parseSrt(captions(5), 5).length).toBe(5)
  expect(() => parseSrt(captions(6), 5)).toThrow(expect.objectContaining({ code: 'extract.too_large' }))
})

test('a caption of a hundred thousand lines is one line', () => {
  const [caption] = parseSrt(`00:01 --> 00:02\n${'рядок\n'.repeat(100_000)}`)
  expect(caption?.lines).toEqual([Array.from({ length: 100_000 }, () => 'рядок').join(' ')])
})
