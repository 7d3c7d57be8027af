import type { Piece } from '../blocks.ts'
import { cleanInline } from '../clean.ts'
import { type DomNode, walk } from './dom.ts'
import { headingLevel, inlineText, isBlock, isUnread } from './html-elements.ts'
import { codeOf, isLayout, lineOf, listOf, tableOf } from './html-text.ts'

/** The pieces of a page in reading order, and the text of its first `title`. */
export function piecesOf(root: DomNode): { title: string | null; pieces: Piece[] } {
  const pieces: Piece[] = []
  let title: string | null = null
  let line = ''
  let breaks = 0

  function add(piece: Piece) {
    if (piece.text) pieces.push(piece)
  }
  function flush() {
    if (line) add({ kind: 'paragraph', text: cleanInline(line) })
    line = ''
  }
  /** Whether the element was taken whole. */
  function take(name: string, element: DomNode): boolean {
    const level = headingLevel(name)
    if (level) add({ kind: 'heading', level, text: lineOf(element) })
    else if (name === 'pre') add({ kind: 'code', text: codeOf(element) })
    else if (name === 'table' && !isLayout(element)) add({ kind: 'table', text: tableOf(element) })
    else if (isList(name) && !isLayout(element)) add({ kind: 'list', text: listOf(element) })
    else return false
    return true
  }

  walk(root, {
    text(data) {
      line += data
      if (data.trim()) breaks = 0
    },
    enter(name, element) {
      if (isUnread(name, element)) return false
      if (name === 'title') {
        title ??= lineOf(element) || null
        return false
      }
      // Old pages separate their paragraphs by two <br>.
      breaks = name === 'br' ? breaks + 1 : 0
      if (isBlock(name) || breaks === 2) flush()
      if (take(name, element)) return false
      line += inlineText(name, element)
      return true
    },
    leave(name) {
      if (isBlock(name)) flush()
    },
  })
  flush()
  return { title, pieces }
}

function isList(name: string): boolean {
  return name === 'ul' || name === 'ol' || name === 'dl'
}
