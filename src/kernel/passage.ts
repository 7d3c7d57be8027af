import type { Chunk } from './chunk.ts'

/** Chunks that follow each other and are taken together: half a minute to a minute of speech, a slide, a page. `length` is seconds, or 1. */
export type Passage = { chunks: Chunk[]; start: number; length: number }

/** Seconds of a passage of speech: words enough to be compared, and little enough to be listened to. */
const spoken = { least: 30, most: 60 }

/**
 * Joins sentences of speech into passages of 30 to 60 seconds that end where a sentence does. One is shorter before a silence or a sentence that
 * would make it longer than that, and at the end; it is longer only if one sentence is.
 */
export function spokenPassages(chunks: readonly Chunk[]): Passage[] {
  const passages: Passage[] = []
  let open: Passage | null = null
  for (const chunk of chunks) {
    const { locator } = chunk
    const known: number = open?.start ?? 0
    const { start, end } = 'start' in locator ? locator : { start: known, end: known }
    if (open === null || end - open.start > spoken.most) {
      open = { chunks: [], start, length: 0 }
      passages.push(open)
    }
    open.chunks.push(chunk)
    open.length = Math.max(open.length, end - open.start)
    if (open.length >= spoken.least) open = null
  }
  return passages
}

/** The passage as one chunk: under its first sentence's number, from its first second to its last. */
export function chunkOf({ chunks, start, length }: Passage): Chunk {
  const [first] = chunks
  if (first === undefined) throw new RangeError('A passage has a sentence.')
  const text = chunks.map((chunk) => chunk.text).join(' ')
  return chunks.length === 1 ? first : { ...first, text, locator: { start, end: start + length } }
}
