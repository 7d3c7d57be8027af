import type { Chunk } from '#kernel/chunk.ts'
import { sentencesOf } from './sentences.ts'

/** A sentence of a lecture. `time` is seconds; null for what is not spoken. */
export type Said = { chunk: Chunk; text: string; time: { start: number; end: number } | null }

/** The sentences of a chunk. Where a chunk of subtitles has several, their times are told from their places in its text. */
export function saidIn(chunk: Chunk): Said[] {
  const sentences = sentencesOf(chunk)
  const { locator } = chunk
  if (!('start' in locator)) return sentences.map((text) => ({ chunk, text, time: null }))
  const letters = sentences.reduce((sum, text) => sum + text.length, 0)
  const perLetter = (locator.end - locator.start) / letters
  let before = 0
  return sentences.map((text) => {
    const start = locator.start + perLetter * before
    before += text.length
    return { chunk, text, time: { start, end: locator.start + perLetter * before } }
  })
}
