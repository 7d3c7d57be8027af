import { type Document, placePieces } from '../blocks.ts'
import { readArticle } from './article.ts'
import { type DomNode, parseDocument, walk } from './dom.ts'
import { piecesOf } from './html-pieces.ts'

/** Reads a page; with `article`, only its main article where one can be told from the rest. */
export function readHtml(html: string, options: { article: boolean; maxChunkChars: number }): Document {
  const { title, pieces } = (options.article && readArticle(html)) || readPage(parseDocument(html))
  return { title, blocks: placePieces(pieces, options.maxChunkChars) }
}

// A page that marks its one main part (https://html.spec.whatwg.org/#the-main-element) says what around it is decoration.
function readPage(root: DomNode) {
  const page = piecesOf(root)
  const [main, ...others] = elementsNamed(root, 'main')
  const { pieces } = main !== undefined && others.length === 0 ? piecesOf(main) : page
  return pieces.length > 0 ? { title: page.title, pieces } : page
}

function elementsNamed(root: DomNode, wanted: string): DomNode[] {
  const found: DomNode[] = []
  walk(root, {
    enter(name, element) {
      if (name === wanted) found.push(element)
      return true
    },
  })
  return found
}
