import { cleanInline } from '../clean.ts'
import { BULLET, type Group, groupsOf } from './groups.ts'
import type { Line } from './lines.ts'

export type PdfPiece = { kind: 'heading' | 'paragraph' | 'list'; text: string }

/** How lines become text: what is usual in the document. */
export type Usual = { bodySize: number; join: (lines: Line[]) => string }

const MAX_HEADING_CHARS = 200
/** The dots between a heading and its page in a table of contents. */
const LEADERS = /(?: ?\.){4,}/g

/** A page's lines, in reading order, as headings, paragraphs and lists. */
export function piecesOfLines(lines: Line[], usual: Usual): PdfPiece[] {
  const pieces: PdfPiece[] = []
  for (const group of groupsOf(lines, usual.bodySize)) {
    const piece = pieceOf(group, usual)
    const last = pieces.at(-1)
    if (!piece.text) continue
    if (piece.kind === 'list' && last?.kind === 'list') last.text += `\n${piece.text}`
    else pieces.push(piece)
  }
  return pieces
}

/** The size of most characters of a document. */
export function bodySizeOf(lines: Iterable<Line>): number {
  const chars = new Map<number, number>()
  for (const { size, text } of lines) {
    const rounded = Math.round(size * 2) / 2
    chars.set(rounded, (chars.get(rounded) ?? 0) + text.length)
  }
  return [...chars].reduce((most, entry) => (entry[1] > most[1] ? entry : most), [0, 0])[0]
}

function pieceOf({ kind, lines }: Group, { join }: Usual): PdfPiece {
  if (kind === 'rows') {
    const rows = lines.map(({ text }) => clean(text)).filter(Boolean)
    return { kind: 'paragraph', text: rows.join('\n') }
  }
  const written = join(lines)
  const text = clean(written)
  if (kind === 'heading' && text.length <= MAX_HEADING_CHARS) return { kind, text }
  if (kind !== 'item') return { kind: 'paragraph', text }
  const item = clean(written.replace(BULLET, ''))
  return { kind: 'list', text: item && BULLET.test(written) ? `- ${item}` : text }
}

/** Without what has no meaning outside of its font or page: characters for private use, rows of dots. */
function clean(text: string): string {
  return cleanInline(text.replace(/\p{Co}|\ufffd/gu, '').replace(LEADERS, ' '))
}
