import { cleanCode, cleanInline } from '../clean.ts'
import { rowsToText } from '../office/rows.ts'
import { type DomNode, walk } from './dom.ts'
import { headingLevel, inlineText, isBlock, isUnread } from './html-elements.ts'

/** Deeper lists are shown at this depth: indentation that grew with a hostile depth would be quadratic. */
const MAX_INDENT = 8

/** Everything below `root` as one line. */
export function lineOf(root: DomNode): string {
  let line = ''
  walk(root, {
    text: (data) => (line += data),
    enter(name, element) {
      if (isUnread(name, element)) return false
      line += inlineText(name, element)
      return true
    },
    leave: (name) => {
      if (isBlock(name)) line += ' '
    },
  })
  return cleanInline(line)
}

/** The text of a `pre`, its line breaks and indentation kept. */
export function codeOf(root: DomNode): string {
  let code = ''
  walk(root, {
    text: (data) => (code += data),
    enter(name) {
      if (name === 'br') code += '\n'
      return name !== 'script' && name !== 'style'
    },
  })
  return cleanCode(code)
}

/** A list, one item a line (`- `, `1. `), nested ones indented; an item's further paragraphs and code follow without a mark. */
export function listOf(root: DomNode): string {
  const lines: string[] = []
  const lists = [{ ordered: root.localName === 'ol', count: 0 }]
  let mark: string | undefined
  let line = ''

  const indent = (extra = 0) => '  '.repeat(Math.min(lists.length - 1 + extra, MAX_INDENT))
  function push(text: string) {
    if (!text) return
    lines.push(mark === undefined ? indent(1) + text : indent() + mark + text)
    mark = undefined
  }
  function flush() {
    push(cleanInline(line))
    line = ''
  }

  walk(root, {
    text: (data) => (line += data),
    enter(name, element) {
      if (isUnread(name, element)) return false
      if (isBlock(name)) flush()
      if (name === 'pre') {
        for (const codeLine of codeOf(element).split('\n')) push(codeLine)
        return false
      }
      if (name === 'ul' || name === 'ol' || name === 'dl') lists.push({ ordered: name === 'ol', count: 0 })
      else if (name === 'li' || name === 'dt') mark = markOf(lists.at(-1))
      else line += inlineText(name, element)
      return true
    },
    leave(name) {
      if (isBlock(name)) flush()
      if (name === 'ul' || name === 'ol' || name === 'dl') lists.pop()
    },
  })
  flush()
  return lines.join('\n')
}

/** A table, one row a line, cells joined by ` | `; its caption is the first line. */
export function tableOf(root: DomNode): string {
  const rows: string[][] = []
  // Where end tags are left out, a cell may hold the next row: rows and cells are told by their starts alone.
  const startRow = () => rows.push([])
  function startCell() {
    if (rows.length === 0) startRow()
    rows.at(-1)?.push('')
  }
  function append(text: string) {
    const row = rows.at(-1)
    if (row && row.length > 0) row.push((row.pop() ?? '') + text)
  }
  walk(root, {
    text: append,
    enter(name, element) {
      if (isUnread(name, element)) return false
      if (name === 'tr' || name === 'caption') startRow()
      if (name === 'td' || name === 'th' || name === 'caption') startCell()
      else append(inlineText(name, element))
      return true
    },
    leave(name) {
      if (isBlock(name)) append(' ')
    },
  })
  return rowsToText(rows.map((cells) => cells.map(cleanInline)))
}

/** Whether a table or list only arranges blocks of the page: it holds headings or tables, or it is a table of one cell. */
export function isLayout(root: DomNode): boolean {
  const wanted = root.localName === 'table' ? 2 : 0
  let cells = 0
  let structured = false
  walk(root, {
    enter(name) {
      if (headingLevel(name) || name === 'table') structured = true
      if (name === 'td' || name === 'th') cells += 1
      return !structured
    },
  })
  return structured || cells < wanted
}

function markOf(list: { ordered: boolean; count: number } | undefined): string {
  if (!list?.ordered) return '- '
  list.count += 1
  return `${list.count}. `
}
