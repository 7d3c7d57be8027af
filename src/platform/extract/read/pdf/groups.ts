import type { Line } from './lines.ts'
import { median, overlap } from './order.ts'

/** Lines that are one piece of text. `rows` stay lines. */
export type Group = { kind: 'heading' | 'prose' | 'item' | 'rows'; lines: Line[] }

/** Bullets, some of them from the fonts Symbol and Wingdings, which have places of their own for them (U+F0xx). */
export const BULLET =
  /^[•◦‣▪■□●○◆◇►➢➤✓✔∙·*\u2013\u2014\u2212-](?=\s)\s+|^[•▪●\uf0a7\uf0b7\uf0d8\uf0fc\uf06e\uf071\uf076]\s*/u
const NUMBERED = /^(?:\d{1,3}[.)]|\(?[\p{L}\d]{1,2}\))\s+\S/u
const HEADING_SCALE = 1.09
/** Double-spaced lines, in sizes of the type. */
const MAX_LEADING = 2.6
const MAX_HEADING_LINES = 3
/** The dots between a heading and its page in a table of contents. */
const LEADER = /(?: ?\.){4} ?\d*$/

/** Divides a page's lines, in reading order, into what belongs together. */
export function groupsOf(lines: Line[], bodySize: number): Group[] {
  const groups: Group[] = []
  const leading = leadingOf(lines)
  const edges = edgesOf(lines)
  for (const [index, line] of lines.entries()) {
    const kind = kindOf(line, bodySize)
    const group = groups.at(-1)
    const before = lines[index - 1]
    const around = { leading, right: edges.get(line) ?? line.right }
    if (group && before && belongs(line, kind, before, group, around)) {
      group.lines.push(line)
    } else if (group && before && standsUnder(line, kind, before, group, around)) {
      group.lines.push(line)
      group.kind = 'rows'
    } else {
      groups.push({ kind, lines: [line] })
    }
  }
  return groups
}

function kindOf({ text, size, parts }: Line, bodySize: number): Group['kind'] {
  if (BULLET.test(text)) return 'item'
  if (parts.length > 2 || LEADER.test(text)) return 'rows'
  if (size > bodySize * HEADING_SCALE && /\p{L}{2}/u.test(text) && !/[,;]$/.test(text)) return 'heading'
  return NUMBERED.test(text) ? 'item' : 'prose'
}

type Around = { leading: number; right: number }

function belongs(line: Line, kind: Group['kind'], before: Line, group: Group, { leading, right }: Around): boolean {
  if (kind === 'item') return false
  const isSameSize = isOfSize(line, before)
  if (group.kind === 'heading' || kind === 'heading') {
    const isNext = isBelow(line, before, 1.7 * before.size) && group.lines.length < MAX_HEADING_LINES
    return group.kind === kind && isSameSize && isNext
  }
  if (kind === 'rows' || group.kind === 'rows') return kind === group.kind && isBelow(line, before, 2.5 * before.size)
  if (!isSameSize) return false
  if (!isBelow(line, before, farthest(before, leading))) return continuesElsewhere(line, before)
  return !(endsParagraph(line, before, right) || (ends(before) && startsParagraph(line, before, group)))
}

/** Short lines that were ended on purpose, such as those of a program, an address or a poem. */
function standsUnder(line: Line, kind: Group['kind'], before: Line, group: Group, { leading, right }: Around): boolean {
  const isOpen = group.kind === 'rows' || (group.kind === 'prose' && group.lines.length === 1)
  if (!isOpen || (kind !== 'rows' && kind !== 'prose') || !isOfSize(line, before)) return false
  const isShort = ({ x, right: end }: Line) => right - end > 0.25 * (right - x)
  return isBelow(line, before, farthest(before, leading)) && isShort(line) && isShort(before)
}

function isOfSize(line: Line, before: Line): boolean {
  return Math.abs(line.size - before.size) <= 0.1 * before.size
}

/** How far below a line the next one of its paragraph may be. */
function farthest({ size }: Line, leading: number): number {
  return Math.min(Math.max(1.35 * leading, 1.2 * size), MAX_LEADING * size)
}

function isBelow(line: Line, before: Line, most: number): boolean {
  const distance = line.y - before.y
  return distance > 0.3 * before.size && distance <= most && overlap(line, before) > 0
}

/** In the next column: a sentence that was broken off. */
function continuesElsewhere(line: Line, before: Line): boolean {
  const isElsewhere = line.y < before.y - before.size && line.x > before.right
  return isElsewhere && !ends(before) && /^\p{Ll}/u.test(line.text)
}

/** By its indentation: deeper than the line before it, or less deep where that was not itself the first of its paragraph. */
function startsParagraph(line: Line, before: Line, group: Group): boolean {
  const indent = (line.x - before.x) / before.size
  const isCentred = Math.abs(line.x + line.right - before.x - before.right) < before.size && Math.abs(indent) > 0.8
  if (isCentred) return false
  if (indent > 0.8) return group.kind !== 'item' || group.lines.length > 1
  return indent < -0.8 && group.lines.length > 1
}

/** Where the first word of the next line would have had room, the line was ended on purpose. */
function endsParagraph(line: Line, before: Line, right: number): boolean {
  const room = right - before.right
  const [word = ''] = line.text.split(' ', 1)
  const isRoomy = room > (word.length / Math.max(1, line.text.length)) * (line.right - line.x) + before.size
  return isRoomy && (ends(before) || room > 0.4 * (right - before.x))
}

function ends({ text }: Line): boolean {
  return /[.!?:;…]["»”’)\]]*$/.test(text)
}

/** The usual distance between the baselines of a page. */
function leadingOf(lines: Line[]): number {
  const distances = lines.flatMap((line, index) => {
    const before = lines[index - 1]
    return before && isBelow(line, before, 3 * before.size) ? [line.y - before.y] : []
  })
  return median(distances)
}

/** For each line, how far to the right the lines go that stand in one column with it. */
function edgesOf(lines: Line[]): Map<Line, number> {
  const edges = new Map<Line, number>()
  let column: Line[] = []
  const close = () => {
    const right = column.reduce((most, line) => Math.max(most, line.right), 0)
    for (const line of column) edges.set(line, right)
    column = []
  }
  for (const line of lines) {
    const before = column.at(-1)
    if (before && !(line.y > before.y && overlap(line, before) > 0)) close()
    column.push(line)
  }
  close()
  return edges
}
