import { expect, test } from 'vitest'
import { readSubtitles } from './passages.ts'

type Line = [start: number, end: number, text: string]

function read(lines: Line[], maxChunkChars = 8000) {
  const time = (seconds: number) => new Date(seconds * 1000).toISOString().slice(11, 23)
  const vtt = lines.map(([start, end, text]) => `${time(start)} --> ${time(end)}\n${text}\n`).join('\n')
  return [...readSubtitles(`WEBVTT\n\n${vtt}`, 'vtt', { maxChunkChars }).blocks]
}

const every = (seconds: number, count: number, text: (index: number) => string): Line[] =>
  Array.from({ length: count }, (_, index) => [index * seconds, (index + 1) * seconds, text(index)])

test('a passage ends with the first sentence that ends after 30 seconds', () => {
  const blocks = read(every(7.5, 8, (index) => (index % 2 ? `кінець ${index}.` : `початок ${index}`)))
  expect(blocks).toEqual([
    {
      kind: 'passage',
      text: 'початок 0 кінець 1. початок 2 кінець 3.',
      locator: { start: 0, end: 30 },
    },
    {
      kind: 'passage',
      text: 'початок 4 кінець 5. початок 6 кінець 7.',
      locator: { start: 30, end: 60 },
    },
  ])
})

test('without sentence ends a passage is as long as 60 seconds allow', () => {
  expect(read(every(7, 20, (index) => `слово ${index}`)).map((block) => block.locator)).toEqual([
    { start: 0, end: 56 },
    { start: 56, end: 112 },
    { start: 112, end: 140 },
  ])
})

test('a pause does not stretch a passage, and a long cue stays whole', () => {
  expect(
    read([
      [0, 5, 'Вступ'],
      [300, 305, 'Далі'],
      [306, 400, 'Довго'],
    ]).map((block) => block.locator),
  ).toEqual([
    { start: 0, end: 5 },
    { start: 300, end: 305 },
    { start: 306, end: 400 },
  ])
})

test('times are seconds to the millisecond', () => {
  expect(read([[0.007, 1.1, 'мить']])).toEqual([{ kind: 'passage', text: 'мить', locator: { start: 0.007, end: 1.1 } }])
})

test('a passage is never longer than a chunk', () => {
  const blocks = read(
    every(1, 40, () => 'слово '.repeat(10).trim()),
    100,
  )
  expect(blocks.every((block) => block.text.length <= 100)).toBe(true)
  expect(blocks[0]?.locator).toEqual({ start: 0, end: 1 })
  expect(
    blocks
      .map((block) => block.text)
      .join(' ')
      .split(' ').length,
  ).toBe(400)
})

test('SubRip takes the same way', () => {
  const { blocks } = readSubtitles('1\n00:00:01,000 --> 00:00:02,000\nПривіт\n', 'srt', { maxChunkChars: 8000 })
  expect([...blocks]).toEqual([{ kind: 'passage', text: 'Привіт', locator: { start: 1, end: 2 } }])
})
