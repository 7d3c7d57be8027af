import { lexer, type MarkedToken, type Token, type Tokens } from 'marked'
import { type Document, type Piece, placePieces } from './blocks.ts'
import { cleanCode, cleanInline } from './clean.ts'
import { decodeReferences, parseDocument } from './html/dom.ts'
import { piecesOf } from './html/html-pieces.ts'
import { plainText } from './markdown-inline.ts'
import { rowsToText } from './office/rows.ts'

const FRONT_MATTER = /^---[^\S\n]*\r?\n([\s\S]*?\r?\n)?(?:---|\.\.\.)[^\S\n]*(?:\r?\n|$)/

/** Reads GitHub-flavoured Markdown. The title is the front matter's; headings are left to whoever wants one of them. */
export function readMarkdown(source: string, { maxChunkChars }: { maxChunkChars: number }): Document {
  const matter = FRONT_MATTER.exec(source)
  const tokens = lexer(matter ? source.slice(matter[0].length) : source, { gfm: true })
  return { title: titleOf(matter?.[1] ?? ''), blocks: placePieces(piecesOfTokens(tokens), maxChunkChars) }
}

function titleOf(matter: string): string | null {
  const value = /^title:[^\S\n]*(.*)$/m.exec(matter)?.[1]?.trim() ?? ''
  const quoted = /^"(.*)"$|^'(.*)'$/.exec(value)
  return cleanInline(quoted?.[1]?.replace(/\\(["\\])/g, '$1') ?? quoted?.[2]?.replaceAll("''", "'") ?? value) || null
}

function* piecesOfTokens(tokens: Token[]): Generator<Piece> {
  for (const token of tokens as MarkedToken[]) {
    switch (token.type) {
      case 'heading':
        yield { kind: 'heading', level: token.depth, text: cleanInline(plainText(token.tokens)) }
        break
      case 'paragraph':
      case 'text':
        yield { kind: 'paragraph', text: cleanInline(inlineOf(token)) }
        break
      case 'code':
        yield { kind: 'code', text: cleanCode(token.text) }
        break
      case 'list':
        yield { kind: 'list', text: listLines(token, 0).join('\n') }
        break
      case 'table':
        yield { kind: 'table', text: tableText(token) }
        break
      case 'blockquote':
        yield* piecesOfTokens(token.tokens)
        break
      case 'html':
        yield* piecesOf(parseDocument(token.text)).pieces
        break
    }
  }
}

function tableText(table: Tokens.Table): string {
  return rowsToText([table.header, ...table.rows].map((row) => row.map((cell) => cleanInline(plainText(cell.tokens)))))
}

/** One item a line; an item's further paragraphs and code follow indented, without a mark. */
function listLines(list: Tokens.List, depth: number): string[] {
  const first = typeof list.start === 'number' ? list.start : 1
  return list.items.flatMap((item, index) => {
    const mark = list.ordered ? `${first + index}. ` : '- '
    const indent = '  '.repeat(depth)
    const [head = '', ...rest] = itemLines(item.tokens, depth)
    // A nested list right after the mark brings its own.
    return [`${indent}${mark}${head.trim()}`, ...rest]
  })
}

function itemLines(tokens: Token[], depth: number): string[] {
  const lines: string[] = []
  let line = ''
  const flush = () => {
    if (cleanInline(line)) lines.push('  '.repeat(depth + 1) + cleanInline(line))
    line = ''
  }
  for (const token of tokens as MarkedToken[]) {
    if (token.type === 'text' || token.type === 'checkbox') {
      line += token.type === 'text' ? inlineOf(token) : plainText([token])
      continue
    }
    flush()
    if (token.type === 'list') lines.push(...listLines(token, depth + 1))
    else for (const piece of piecesOfTokens([token])) lines.push(...indented(piece.text, depth + 1))
  }
  flush()
  return lines
}

function indented(text: string, depth: number): string[] {
  return text ? text.split('\n').map((line) => '  '.repeat(depth) + line) : []
}

function inlineOf(token: Tokens.Paragraph | Tokens.Text): string {
  return token.tokens ? plainText(token.tokens) : decodeReferences(token.text)
}
