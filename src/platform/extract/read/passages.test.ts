import { expect, test } from 'vitest'
import { readSubtitles } from './passages.ts'

type Line = [start: number, end: number, text: string]

function read(lines: Line[], maxChunkChars = 8000) {
  const time = (seconds: number) => new Date(seconds * 1000).toISOString().slice(11, 23)
  const vtt = lines.map(([start, end, text]) => `${time(start)} --> ${time(end)}\n${text}\n`).join('\n')
  return [...readSubtitles(`WEBVTT\n\n${vtt}`, 'vtt', { maxChunkChars, maxCues: 100 }).blocks]
}

const every = (seconds: number, count: number, text: (index: number) => string): Line[] =>
  Array.from({ length: count }, (_, index) => [index * seconds, (index + 1) * seconds, text(index)])

test('a passage is a sentence, from the cue in which it begins to the cue in which it ends', () => {
  const blocks = read([
    [2, 5, 'Гумус — це органічна'],
    [5, 8.5, 'частина ґрунту. А pH'],
    [9, 12, '— це його кислотність, і т. д.,'],
    [12, 15.25, 'див. таблицю. Далі. Запитання?'],
    [20, 22, 'продовжимо (на с. 5).'],
    [30, 31, 'Кінець…'],
    [31, 33, 'майже'],
  ])
  expect(blocks.map(({ text, locator }) => ({ text, ...locator }))).toEqual([
    { text: 'Гумус — це органічна частина ґрунту.', start: 2, end: 8.5 },
    { text: 'А pH — це його кислотність, і т. д., див. таблицю.', start: 5, end: 15.25 },
    { text: 'Далі.', start: 12, end: 15.25 },
    { text: 'Запитання?', start: 12, end: 15.25 },
    { text: 'продовжимо (на с. 5).', start: 20, end: 22 },
    { text: 'Кінець… майже', start: 30, end: 33 },
  ])
})

test('without sentence ends a passage is as long as 30 seconds allow', () => {
  expect(read(every(7, 10, (index) => `слово ${index}`)).map((block) => block.locator)).toEqual([
    { start: 0, end: 28 },
    { start: 28, end: 56 },
    { start: 56, end: 70 },
  ])
})

test('rolling captions give each line once, at the time it came in', () => {
  const blocks = read([
    [0, 2, 'добрий день'],
    [2, 2.01, 'добрий день'],
    [2.01, 20, 'добрий день\nсьогодні змінні'],
    [20, 20.01, 'сьогодні змінні'],
    [20.01, 36, 'сьогодні змінні\nі функції'],
  ])
  expect(blocks.map(({ text, locator }) => ({ text, ...locator }))).toEqual([
    { text: 'добрий день сьогодні змінні', start: 0, end: 20.01 },
    { text: 'і функції', start: 20.01, end: 36 },
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
  const { blocks } = readSubtitles('1\n00:00:01,000 --> 00:00:02,000\nПривіт\n', 'srt', {
    maxChunkChars: 8000,
    maxCues: 1,
  })
  expect([...blocks]).toEqual([{ kind: 'passage', text: 'Привіт', locator: { start: 1, end: 2 } }])
})

test('a caption of a million dots is read in time', () => {
  const started = performance.now()
  const blocks = read([[1, 2, `${'.'.repeat(1_000_000)}кінець`]])
  expect(blocks.at(-1)?.text.endsWith('кінець')).toBe(true)
  expect(performance.now() - started).toBeLessThan(2_000)
})
