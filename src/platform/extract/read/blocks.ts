import { type Block, MAX_HEADING_CHARS } from '../protocol.ts'
import { splitLines, splitProse } from './split.ts'

/** A part of a structured document in reading order, its text already clean. `level` is 1–6. */
export type Piece =
  | { kind: 'heading'; level: number; text: string }
  | { kind: 'paragraph' | 'list' | 'table' | 'code'; text: string }

/** A document as its format's reader leaves it. */
export type Document = { title: string | null; blocks: Iterable<Block>; pictures?: number[] }

/**
 * Puts pieces under their headings. `paragraph` is 0 for the heading itself, whose path includes it, and counts from 1
 * below it; the parts of a piece too long for one chunk share its number, for in the document they are one paragraph.
 */
export function* placePieces(pieces: Iterable<Piece>, maxChars: number): Generator<Block> {
  const headings: { level: number; text: string }[] = []
  let path: string[] = []
  let paragraph = 0

  for (const piece of pieces) {
    if (!piece.text) continue
    if (piece.kind === 'heading' && piece.text.length <= Math.min(MAX_HEADING_CHARS, maxChars)) {
      while ((headings.at(-1)?.level ?? 0) >= piece.level) headings.pop()
      headings.push({ level: piece.level, text: piece.text })
      path = headings.map((heading) => heading.text)
      paragraph = 0
      yield { kind: 'heading', text: piece.text, locator: { heading: path, paragraph } }
      continue
    }
    const kind = piece.kind === 'heading' ? 'paragraph' : piece.kind
    const parts = kind === 'paragraph' ? splitProse(piece.text, maxChars) : splitLines(piece.text, maxChars)
    paragraph += 1
    for (const part of parts) {
      const text = kind === 'code' ? part : part.trim()
      yield { kind, text, locator: { heading: path, paragraph } }
    }
  }
}
