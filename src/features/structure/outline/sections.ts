import type { Chunk } from '#kernel/chunk.ts'
import { cleanTitle } from './bounds.ts'

/** A heading with the text directly under it and the headings below it. */
export type Section = { title: string; heading: Chunk | null; chunks: Chunk[]; children: Section[] }

/**
 * The tree of headings of one document, under a root of no title. Depth is the length of the heading path, so levels that the author
 * skipped do not count. A heading without a path (its locator is a URL or a page) stands at the top.
 */
export function readSections(chunks: Chunk[]): Section {
  const root: Section = { title: '', heading: null, chunks: [], children: [] }
  let open: Section[] = [root]
  for (const chunk of chunks) {
    if (chunk.kind === 'heading') {
      const path = headingPath(chunk) ?? titlesOf([chunk.text])
      const title = path.at(-1)
      if (title === undefined) continue
      open = descend(open, path.slice(0, -1))
      open = [...open, addChild(open, title, chunk)]
    } else {
      const path = headingPath(chunk)
      if (path !== null) open = descend(open, path)
      open.at(-1)?.chunks.push(chunk)
    }
  }
  return root
}

/** Keeps what is open along the path, opens what is missing. */
function descend(open: Section[], path: string[]): Section[] {
  const next = open.slice(0, 1)
  for (const [index, title] of path.entries()) {
    const same = open[index + 1]
    const kept = same !== undefined && next.length === index + 1 && next.at(-1) === open[index] && same.title === title
    next.push(kept ? same : addChild(next, title, null))
  }
  return next
}

function addChild(open: Section[], title: string, heading: Chunk | null): Section {
  const child: Section = { title, heading, chunks: [], children: [] }
  open.at(-1)?.children.push(child)
  return child
}

function headingPath(chunk: Chunk): string[] | null {
  return 'heading' in chunk.locator ? titlesOf(chunk.locator.heading) : null
}

function titlesOf(path: string[]): string[] {
  return path.map(cleanTitle).filter((title) => title !== null)
}
