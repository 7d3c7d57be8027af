import type { Chunk } from '#kernel/chunk.ts'

/** The words of one page, in order. */
export function wordsOf(chunks: readonly Chunk[], page: number): string {
  return chunks
    .filter(({ locator }) => 'page' in locator && locator.page === page)
    .map(({ text }) => text)
    .join('\n')
}

/** Puts what pages show after what they say, and counts anew. Both are in the order of pages. */
export function withDescriptions(
  chunks: readonly Chunk[],
  descriptions: readonly { page: number; text: string }[],
): Chunk[] {
  const placed: Omit<Chunk, 'order'>[] = []
  let next = 0
  const placeBefore = (page: number) => {
    for (let one = descriptions[next]; one !== undefined && one.page < page; one = descriptions[++next])
      placed.push({ kind: 'description', text: one.text, locator: { page: one.page } })
  }
  for (const chunk of chunks) {
    if ('page' in chunk.locator) placeBefore(chunk.locator.page)
    placed.push(chunk)
  }
  placeBefore(Number.POSITIVE_INFINITY)
  return placed.map((chunk, index) => ({ ...chunk, order: index + 1 }))
}
