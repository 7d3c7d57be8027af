import { Readability } from '@mozilla/readability'
import type { Piece } from '../blocks.ts'
import { cleanInline } from '../clean.ts'
import { type DomNode, parseDocument } from './dom.ts'
import { piecesOf } from './html-pieces.ts'

/** Readability scores every element several times: above this many, the whole page is read instead. */
const MAX_ELEMENTS = 50_000

/** The page's main article, or undefined where none can be told from the rest. */
export function readArticle(html: string): { title: string | null; pieces: Piece[] } | undefined {
  const article = findArticle(html)
  if (!article) return undefined
  const { pieces } = piecesOf(article.content)
  return pieces.length === 0 ? undefined : { title: article.title, pieces }
}

function findArticle(html: string): { title: string | null; content: DomNode } | undefined {
  // linkedom makes no html and body of its own, and Readability needs them.
  const page = /<body[\s>]/i.test(html) ? html : `<!doctype html><html><head></head><body>${html}</body></html>`
  const document = parseDocument(page)
  try {
    const found = new Readability<DomNode>(document as never, {
      maxElemsToParse: MAX_ELEMENTS,
      serializer: (node) => node as unknown as DomNode,
    }).parse()
    return found?.content ? { title: cleanInline(found.title ?? '') || null, content: found.content } : undefined
  } catch {
    // Too many elements, or markup that its heuristics trip over: the whole page is still there to be read.
    return undefined
  }
}
