import { expect, test } from 'vitest'
import { inProcessExtractor } from '#test/in-process-extractor.ts'
import { subtitlesOf } from './subtitles.ts'

const read = async (texts: Parameters<typeof subtitlesOf>[0]) => {
  const body = (async function* () {
    yield Buffer.from(subtitlesOf(texts))
  })()
  const { chunks } = await inProcessExtractor.extract({ format: 'srt', body, signal: AbortSignal.timeout(5_000) })
  return chunks.map(({ text, locator }) => ({ text, ...locator }))
}

test('what was said comes back as passages with its times', async () => {
  expect(
    await read([
      { start: 0, end: 2.5, text: 'Змінна — це' },
      { start: 2.5, end: 4.25, text: "ім'я значення." },
      { start: 3_725.017, end: 3_728, text: 'Цикл повторює дії.' },
    ]),
  ).toEqual([
    { text: "Змінна — це ім'я значення.", start: 0, end: 4.25 },
    { text: 'Цикл повторює дії.', start: 3_725.017, end: 3_728 },
  ])
})

test.each([
  ['another time', '00:00:09,000 --> 00:00:10,000', '00:00:09,000 → 00:00:10,000'],
  ['a number', '42', '42'],
  ['markup', 'тег <b>жирний</b> &amp; інші', 'тег <b>жирний</b> &amp; інші'],
  ['a style', '{\\an8} зверху', '{ \\an8} зверху'],
  ['several lines', 'перший\n\n2\r\nдругий', 'перший 2 другий'],
])('what sounds like %s stays words', async (_what, text, kept) => {
  const next = { start: 100, end: 101, text: 'Далі.' }
  expect(await read([{ start: 1, end: 2, text }, next])).toEqual([
    { text: kept, start: 1, end: 2 },
    { start: 100, end: 101, text: 'Далі.' },
  ])
})

test('what ends before it begins ends with its beginning', async () => {
  expect(await read([{ start: 5, end: 4, text: 'Так.' }])).toEqual([{ text: 'Так.', start: 5, end: 5 }])
})
