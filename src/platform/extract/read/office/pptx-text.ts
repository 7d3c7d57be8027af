import type { ChunkKind } from '#kernel/chunk.ts'
import { cleanCode, cleanInline } from '../clean.ts'
import { child, childrenNamed, descend, isTrue, type XmlNode } from './office-xml.ts'
import { rowsToText } from './rows.ts'

/** A part of a slide, its text clean. */
export type SlidePiece = { kind: ChunkKind; text: string }

type Mark = 'none' | 'bullet' | 'number'
type Paragraph = { text: string; level: number; mark: Mark; first: number; isCode: boolean }

const MAX_INDENT = 8
const MONOSPACED = /mono(?!type)|consol|courier|menlo|fira code|jetbrains|source code|cascadia/i

/**
 * The paragraphs of a text body (ECMA-376 part 1, 21.1.2): runs of marked ones are a list, runs of monospaced ones are code.
 * `bulleted` says whether paragraphs that say nothing of a mark have one, as in a layout's body.
 */
export function piecesOfBody(body: XmlNode | undefined, { bulleted }: { bulleted: boolean }): SlidePiece[] {
  const paragraphs = childrenNamed(body, 'p')
    .map((paragraph) => paragraphOf(paragraph, bulleted))
    .filter(({ text }) => text.trim() !== '')
  const [only, ...others] = paragraphs
  // One statement under a title is no list, whatever the layout draws before it.
  if (only && others.length === 0 && bulleted && !only.isCode)
    return [{ kind: 'paragraph', text: cleanInline(only.text) }]

  const pieces: SlidePiece[] = []
  for (const run of runsOf(paragraphs)) {
    const [{ kind }] = run
    if (kind === 'code') pieces.push({ kind, text: cleanCode(run.map(({ text }) => text).join('\n')) })
    else if (kind === 'list') pieces.push({ kind, text: listText(run) })
    else for (const { text } of run) pieces.push({ kind, text: cleanInline(text) })
  }
  return pieces
}

/** All paragraphs of a text body in one line. */
export function lineOfBody(body: XmlNode | undefined): string {
  return cleanInline(
    childrenNamed(body, 'p')
      .map((paragraph) => textOf(paragraph))
      .join(' '),
  )
}

/** Rows of cells; a cell that another one covers is empty, or is not there if the other stands beside it. */
export function tableText(table: XmlNode): string {
  const rows = childrenNamed(table, 'tr').map((row) =>
    childrenNamed(row, 'tc')
      .filter((cell) => !isTrue(cell.attributes['hMerge']))
      .map((cell) => (isTrue(cell.attributes['vMerge']) ? '' : lineOfBody(child(cell, 'txBody')))),
  )
  return rowsToText(rows)
}

/** Alternative content (ECMA-376 part 3, 10.2) as the newest programs see it: its first choice. */
export function withChoices(nodes: XmlNode[]): XmlNode[] {
  return nodes.flatMap((node) => {
    if (node.name !== 'AlternateContent') return [node]
    const taken = child(node, 'Choice') ?? child(node, 'Fallback')
    return withChoices(taken?.children ?? [])
  })
}

function paragraphOf(paragraph: XmlNode, bulleted: boolean): Paragraph {
  const properties = child(paragraph, 'pPr')
  const numbered = child(properties, 'buAutoNum')
  const isBulleted = child(properties, 'buChar') ?? child(properties, 'buBlip')
  const mark = numbered
    ? 'number'
    : isBulleted
      ? 'bullet'
      : child(properties, 'buNone') || !bulleted
        ? 'none'
        : 'bullet'
  return {
    text: textOf(paragraph),
    level: Math.min(Number(properties?.attributes['lvl'] ?? 0) || 0, MAX_INDENT),
    mark,
    first: Number(numbered?.attributes['startAt'] ?? 1) || 1,
    isCode: isMonospaced(paragraph),
  }
}

/** Text, line breaks, formulas; not the fields that PowerPoint fills in (slide number, date). */
function textOf(node: XmlNode): string {
  let text = ''
  for (const part of withChoices(node.children)) {
    if (part.name === 't') text += part.text
    else if (part.name === 'br') text += '\n'
    else if (part.name === 'fld' && /^(?:slidenum|datetime)/i.test(part.attributes['type'] ?? '')) continue
    else text += textOf(part)
  }
  return text
}

function isMonospaced(paragraph: XmlNode): boolean {
  const runs = childrenNamed(paragraph, 'r').filter((run) => child(run, 't')?.text.trim())
  return (
    runs.length > 0 && runs.every((run) => MONOSPACED.test(descend(run, 'rPr', 'latin')?.attributes['typeface'] ?? ''))
  )
}

type Run = [Paragraph & { kind: ChunkKind }, ...(Paragraph & { kind: ChunkKind })[]]

function runsOf(paragraphs: Paragraph[]): Run[] {
  const runs: Run[] = []
  for (const paragraph of paragraphs) {
    const kind = paragraph.isCode ? 'code' : paragraph.mark === 'none' ? 'paragraph' : 'list'
    const last = runs.at(-1)
    if (last && last[0].kind === kind) last.push({ ...paragraph, kind })
    else runs.push([{ ...paragraph, kind }])
  }
  return runs
}

function listText(items: Paragraph[]): string {
  const counts: number[] = []
  return items
    .map(({ text, level, mark, first }) => {
      counts.length = Math.min(counts.length, level + 1)
      if (mark === 'number') counts[level] = (counts[level] ?? first - 1) + 1
      else counts.length = Math.min(counts.length, level)
      return `${'  '.repeat(level)}${mark === 'number' ? `${counts[level]}.` : '-'} ${cleanInline(text)}`
    })
    .join('\n')
}
