import { readArticle } from './article.ts'
import { type Document, placePieces } from './blocks.ts'
import { parseDocument } from './dom.ts'
import { piecesOf } from './html-pieces.ts'

/** Reads a page; with `article`, only its main article where one can be told from the rest. */
export function readHtml(html: string, options: { article: boolean; maxChunkChars: number }): Document {
  const { title, pieces } = (options.article && readArticle(html)) || piecesOf(parseDocument(html))
  return { title, blocks: placePieces(pieces, options.maxChunkChars) }
}
