import { type Line, lineOfParts } from './lines.ts'

/** In sizes of the type. */
const GUTTER = 1
/** What stands beside a gutter is a column of prose, not the cells of a table or the labels of a picture. */
const MIN_COLUMN_CHARS = 12
const MIN_WRITTEN_ACROSS = 6
const LOOK_BACK = 100
const MAX_DEPTH = 40

/**
 * A page's lines in reading order. Programs nearly always write a page in the order in which it is read, columns included, and
 * know more of it than its geometry tells. Where the content jumps back up the page, the order is made from the geometry:
 * columns from left to right, each from top to bottom.
 */
export function inReadingOrder(lines: Line[]): Line[] {
  const columns = splitColumns(lines)
  return columns !== lines || jumpsBack(lines) ? cut(columns, 0) : lines
}

/** Two columns that were written line by line across both: every line is cut at the gutter between them. */
function splitColumns(lines: Line[]): Line[] {
  const across = lines.filter(({ parts }) => parts.length === 2)
  if (across.length < MIN_WRITTEN_ACROSS || across.length < lines.length * 0.6) return lines
  const left = median(across.map(({ parts }) => parts[0]?.right ?? 0))
  const right = median(across.map(({ parts }) => parts[1]?.x ?? 0))
  const fits = across.filter(({ parts, size }) => {
    return (parts[1]?.x ?? 0) - right > -GUTTER * size && (parts[0]?.right ?? 0) - left < right - left
  })
  const chars = (index: number) => across.reduce((sum, { parts }) => sum + (parts[index]?.text.length ?? 0), 0)
  const shortest = Math.min(chars(0), chars(1)) / across.length
  if (fits.length < across.length * 0.9 || shortest < 2 * MIN_COLUMN_CHARS) return lines
  return lines.flatMap((line) =>
    line.parts.length === 2 ? line.parts.map((part) => lineOfParts(line, [part])) : [line],
  )
}

/** Whether a line stands above what was written before it in the same column. The labels of a drawing may jump. */
function jumpsBack(lines: Line[]): boolean {
  const prose = lines.filter(({ text }) => text.length >= MIN_COLUMN_CHARS)
  return prose.some((line, index) => {
    const before = prose.slice(Math.max(0, index - LOOK_BACK), index).findLast((other) => overlap(line, other) > 0.3)
    return before !== undefined && line.y < before.y - line.size
  })
}

/** The share of the shorter line that stands above or below the other. */
export function overlap(a: Line, b: Line): number {
  const shared = Math.min(a.right, b.right) - Math.max(a.x, b.x)
  return shared / Math.max(1, Math.min(a.right - a.x, b.right - b.x))
}

/** Recursive X-Y cut: at a gutter from top to bottom, else at the widest gap from left to right. */
function cut(lines: Line[], depth: number): Line[] {
  if (lines.length < 2) return lines
  if (depth >= MAX_DEPTH) return byRows(lines)
  const [left, right] = cutAtGutter(lines)
  if (right.length > 0) return [...cut(left, depth + 1), ...cut(right, depth + 1)]
  const [above, below] = cutAtGap(lines)
  return below.length > 0 ? [...cut(above, depth + 1), ...cut(below, depth + 1)] : byRows(lines)
}

function cutAtGutter(lines: Line[]): [Line[], Line[]] {
  const sorted = lines.toSorted((a, b) => a.x - b.x)
  let end = Number.NEGATIVE_INFINITY
  for (const [index, line] of sorted.entries()) {
    const sides: [Line[], Line[]] = [sorted.slice(0, index), sorted.slice(index)]
    if (index > 0 && line.x - end >= GUTTER * line.size && sides.every(isColumn)) return sides
    end = Math.max(end, line.right)
  }
  return [lines, []]
}

function isColumn(lines: Line[]): boolean {
  return lines.length > 1 && lines.reduce((sum, { text }) => sum + text.length, 0) / lines.length >= MIN_COLUMN_CHARS
}

function cutAtGap(lines: Line[]): [Line[], Line[]] {
  const sorted = lines.toSorted((a, b) => a.y - b.y)
  let widest = 0
  let at = 0
  for (const [index, line] of sorted.entries()) {
    const gap = index > 0 ? line.y - line.size - (sorted[index - 1]?.y ?? 0) : 0
    if (gap <= widest) continue
    widest = gap
    at = index
  }
  return at > 0 ? [sorted.slice(0, at), sorted.slice(at)] : [lines, []]
}

/** Lines whose baselines are about the same are one row, from left to right. */
function byRows(lines: Line[]): Line[] {
  const rows: Line[][] = []
  for (const line of lines.toSorted((a, b) => a.y - b.y)) {
    const [first] = rows.at(-1) ?? []
    if (first && line.y - first.y < first.size / 2) rows.at(-1)?.push(line)
    else rows.push([line])
  }
  return rows.flatMap((row) => row.sort((a, b) => a.x - b.x))
}

export function median(values: number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)] ?? 0
}
