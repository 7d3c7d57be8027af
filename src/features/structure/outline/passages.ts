import type { Chunk } from '#kernel/chunk.ts'
import type { Passage } from '#kernel/passage.ts'

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
