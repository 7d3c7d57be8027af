import type { Chunk } from '#kernel/chunk.ts'

/** Chunks that follow each other and are taken together: half a minute of speech, a slide, a page. `length` is seconds, or 1. */
export type Passage = { chunks: Chunk[]; start: number; length: number }

/** Groups timed chunks into passages of at least `seconds` each (the last one may be shorter). */
export function spokenPassages(chunks: Chunk[], seconds: number): Passage[] {
  const passages: Passage[] = []
  let open: Passage | null = null
  for (const chunk of chunks) {
    const { locator } = chunk
    const known: number = open?.start ?? 0
    const { start, end } = 'start' in locator ? locator : { start: known, end: known }
    if (open === null) {
      open = { chunks: [], start, length: 0 }
      passages.push(open)
    }
    open.chunks.push(chunk)
    open.length = Math.max(open.length, end - open.start)
    if (open.length >= seconds) open = null
  }
  return passages
}

/** Groups the chunks of each slide or page; `start` is its number. */
export function pagePassages(chunks: Chunk[]): Passage[] {
  const pages = new Map<number, Passage>()
  let number = 1
  for (const chunk of chunks) {
    number = pageNumber(chunk) ?? number
    const page = pages.get(number)
    if (page) page.chunks.push(chunk)
    else pages.set(number, { chunks: [chunk], start: number, length: 1 })
  }
  return [...pages.values()]
}

export function textOf(passage: Passage): string {
  return passage.chunks.map((chunk) => chunk.text).join(' ')
}

function pageNumber({ locator }: Chunk): number | undefined {
  if ('slide' in locator) return locator.slide
  return 'page' in locator ? locator.page : undefined
}
