import type { MarkedToken, Token } from 'marked'
import { decodeReferences } from './html/dom.ts'

/** What a reader of the rendered line sees: marks gone, character references resolved, HTML tags and comments dropped. */
export function plainText(tokens: Token[]): string {
  let text = ''
  let unread: string | undefined
  for (const token of tokens as MarkedToken[]) {
    if (token.type === 'html') {
      unread = insideUnread(token.raw, unread)
      text += /^<(?:br|img|wbr)\b/i.test(token.raw) ? ' ' : ''
    } else if (unread === undefined) {
      text += textOf(token)
    }
  }
  return text
}

/** The element whose text nobody reads that is open after `tag`. */
function insideUnread(tag: string, open: string | undefined): string | undefined {
  if (open !== undefined) return tag.toLowerCase().startsWith(`</${open}`) ? undefined : open
  return /^<(script|style)\b/i.exec(tag)?.[1]?.toLowerCase()
}

function textOf(token: MarkedToken): string {
  switch (token.type) {
    case 'br':
      return ' '
    case 'checkbox':
      return token.checked ? '[x] ' : '[ ] '
    case 'codespan':
    case 'escape':
      return token.text
    case 'text':
      return token.tokens ? plainText(token.tokens) : decodeReferences(token.text)
    case 'link':
      return token.autolink ? token.text : plainText(token.tokens)
    case 'image':
    case 'strong':
    case 'em':
    case 'del':
      return plainText(token.tokens)
    default:
      return ''
  }
}
