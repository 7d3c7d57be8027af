import type { DomNode } from './dom.ts'

const UNREAD = new Set(
  'script style template noscript nav svg iframe object embed canvas audio video select button input textarea'.split(
    ' ',
  ),
)
const BLOCKS = new Set(
  (
    'html head body address article aside blockquote center dd details dialog div dl dt fieldset figcaption figure footer ' +
    'form h1 h2 h3 h4 h5 h6 header hgroup hr legend li main ol p pre section summary table caption tbody thead tfoot tr td th ul'
  ).split(' '),
)

/** Whether a reader of the page would not read it: code, navigation, controls, and what is hidden. */
export function isUnread(name: string, element: DomNode): boolean {
  return (
    UNREAD.has(name) ||
    hasAttribute(element, 'hidden') ||
    attribute(element, 'aria-hidden') === 'true' ||
    /(?:display\s*:\s*none|visibility\s*:\s*hidden)/i.test(attribute(element, 'style'))
  )
}

/** Whether text before and after it belongs to different paragraphs. */
export function isBlock(name: string): boolean {
  return BLOCKS.has(name)
}

export function headingLevel(name: string): number | undefined {
  return /^h[1-6]$/.test(name) ? Number(name[1]) : undefined
}

/** What an element says in the middle of a line without having text of its own. */
export function inlineText(name: string, element: DomNode): string {
  if (name === 'img') return ` ${attribute(element, 'alt')} `
  return name === 'br' || name === 'wbr' || isBlock(name) ? ' ' : ''
}

function attribute(element: DomNode, name: string): string {
  return element.getAttribute?.(name) ?? ''
}

function hasAttribute(element: DomNode, name: string): boolean {
  return typeof element.getAttribute?.(name) === 'string'
}
