import { DOMParser } from 'linkedom'
import { checkMarkup } from './html-bounds.ts'

/** The little of the DOM that reading needs. */
export type DomNode = {
  readonly nodeType: number
  /** Elements only, lower case. */
  readonly localName?: string
  /** Text nodes only. */
  readonly data?: string
  readonly firstChild: DomNode | null
  readonly nextSibling: DomNode | null
  readonly parentNode: DomNode | null
  getAttribute?(name: string): string | null
}

export type Visitor = {
  text?(data: string): void
  /** Returns false to pass over what is inside; `leave` is then not called. */
  enter?(name: string, element: DomNode): boolean
  leave?(name: string): void
}

const ELEMENT = 1
const TEXT = 3

/**
 * The document as a tree. linkedom adds no html, head or body of its own: a fragment's elements are the root's children.
 * Throws what `checkMarkup` throws.
 */
export function parseDocument(html: string): DomNode {
  checkMarkup(html)
  // linkedom's doctype is the root's first child and has no next sibling: behind it the page would be out of reach.
  return new DOMParser().parseFromString(
    html.replace(/<!doctype[^>]{0,1000}>/gi, ''),
    'text/html',
  ) as unknown as DomNode
}

/** Goes through what is below `root` in reading order, with a loop: a hostile page nests deeper than the call stack. */
export function walk(root: DomNode, visitor: Visitor): void {
  let node = root.firstChild
  while (node) {
    const entered = visit(node, visitor)
    if (entered && node.firstChild) {
      node = node.firstChild
      continue
    }
    if (entered) visitor.leave?.(nameOf(node))
    while (!node.nextSibling) {
      const parent: DomNode | null = node.parentNode
      if (!parent || parent === root) return
      visitor.leave?.(nameOf(parent))
      node = parent
    }
    node = node.nextSibling
  }
}

/** The characters that named and numeric references (`&nbsp;`, `&#1111;`) in `text` stand for, put in their place. */
export function decodeReferences(text: string): string {
  if (!text.includes('&')) return text
  let decoded = ''
  walk(parseDocument(`<p>${text.replaceAll('<', '&lt;')}</p>`), { text: (data) => (decoded += data) })
  return decoded
}

function visit(node: DomNode, visitor: Visitor): boolean {
  if (node.nodeType === TEXT) visitor.text?.(node.data ?? '')
  return node.nodeType === ELEMENT && (visitor.enter?.(nameOf(node), node) ?? true)
}

function nameOf(node: DomNode): string {
  return node.localName?.toLowerCase() ?? ''
}
