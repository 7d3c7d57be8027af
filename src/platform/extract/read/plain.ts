import { type Document, type Piece, placePieces } from './blocks.ts'
import { cleanInline } from './clean.ts'

/** Paragraphs are what stands between blank lines. Nothing is guessed to be a heading. */
export function readPlain(text: string, { maxChunkChars }: { maxChunkChars: number }): Document {
  return { title: null, blocks: placePieces(paragraphs(text), maxChunkChars) }
}

function* paragraphs(text: string): Generator<Piece> {
  let start = 0
  // One blank line at a time: of a million in a row there are then many empty paragraphs, and not a stack that overflows.
  for (const gap of text.matchAll(/\r?\n[^\S\n]*\n|\r\r|\f/g)) {
    yield { kind: 'paragraph', text: cleanInline(text.slice(start, gap.index)) }
    start = gap.index + gap[0].length
  }
  yield { kind: 'paragraph', text: cleanInline(text.slice(start)) }
}
