import type { Run } from './runs.ts'

/** Text between two wide gaps of a line. */
export type Part = { text: string; x: number; right: number }

/** One line of a page. `parts` are what wide gaps divide it into: cells of a table, columns that were written across. */
export type Line = Part & { y: number; size: number; parts: Part[] }

/** In sizes of the type. pdf.js's own spaces begin at 0.1. */
const SPACE = 0.15
const WIDE_GAP = 1.2
const SAME_BASELINE = 0.2
const SCRIPT = 0.6

/** Accents that stand alone, and the same ones that join the letter before them. */
const ACCENTS: Record<string, string> = {
  '`': '\u0300',
  '\u00b4': '\u0301',
  '\u02c6': '\u0302',
  '\u02dc': '\u0303',
  '\u00af': '\u0304',
  '\u02d8': '\u0306',
  '\u02d9': '\u0307',
  '\u00a8': '\u0308',
  '\u02da': '\u030a',
  '\u02dd': '\u030b',
  '\u02c7': '\u030c',
  '\u00b8': '\u0327',
}

type Open = { parts: Part[]; y: number; size: number; chars: Map<number, number> }

/** Joins the runs that follow each other on a baseline, with their superscripts and subscripts, in the order of the content. */
export function linesOf(runs: Run[]): Line[] {
  const lines: Line[] = []
  let open: Open | undefined
  for (const run of runs) {
    if (open && continues(open, run)) {
      append(open, run)
      continue
    }
    if (open) add(lines, close(open))
    open = start(run)
  }
  if (open) add(lines, close(open))
  return lines
}

/** The line made of several of its parts. */
export function lineOfParts(line: Line, parts: Part[]): Line {
  const text = parts.map((part) => part.text).join(' ')
  return { ...line, text, x: parts[0]?.x ?? line.x, right: parts.at(-1)?.right ?? line.right, parts }
}

/** A row may have been written from its end: a page number, then the words on its left. */
function add(lines: Line[], line: Line): void {
  const before = lines.at(-1)
  const isLeftOf = before && Math.abs(line.y - before.y) <= SAME_BASELINE * line.size && line.right < before.x
  if (!line.text) return
  if (!isLeftOf) {
    lines.push(line)
    return
  }
  const size = line.text.length < before.text.length ? before.size : line.size
  lines[lines.length - 1] = lineOfParts({ ...line, size }, [...line.parts, ...before.parts])
}

function continues({ parts, y, size }: Open, run: Run): boolean {
  const last = parts.at(-1)
  if (!last) return false
  const big = Math.max(size, run.size)
  const gap = run.x - last.right
  const rise = Math.abs(run.y - y)
  if (rise <= SAME_BASELINE * big) return gap > -0.8 * big
  return rise <= SCRIPT * big && Math.abs(gap) <= SCRIPT * big
}

function append(open: Open, run: Run): void {
  const last = open.parts.at(-1)
  const gap = last ? run.x - last.right : 0
  const big = Math.max(open.size, run.size)
  if (last && gap < WIDE_GAP * big) {
    const isMark = open.parts.length === 1 && /^(?:\d{1,3}|[*†‡])$/.test(last.text) && run.size > open.size * 1.15
    // A number too wide for its place in a table of contents reaches into the heading.
    const isNumber = gap < -0.1 * big && /^[\d.]+$/.test(last.text) && /^\p{L}{2}/u.test(run.text)
    const isApart = run.spaced || isMark || isNumber || gap > SPACE * Math.min(open.size, run.size)
    last.text = isApart ? `${last.text} ${run.text}` : withAccent(last.text, run.text, gap < -0.1 * big)
    last.right = Math.max(last.right, run.x + run.width)
  } else {
    open.parts.push(partOf(run))
  }
  // The line's own baseline is that of its largest type; a footnote's mark may come first.
  if (run.size > open.size * 1.05) Object.assign(open, { y: run.y, size: run.size })
  count(open.chars, run)
}

function start(run: Run): Open {
  const open: Open = { parts: [partOf(run)], y: run.y, size: run.size, chars: new Map() }
  count(open.chars, run)
  return open
}

/** TeX draws an accent and then its letter over it. */
function withAccent(text: string, next: string, isOver: boolean): string {
  const combining = isOver ? ACCENTS[text.at(-1) ?? ''] : undefined
  if (combining === undefined || !/^\p{L}/u.test(next)) return text + next
  return text.slice(0, -1) + (next.charAt(0) + combining).normalize('NFC') + next.slice(1)
}

function partOf({ text, x, width }: Run): Part {
  return { text, x, right: x + width }
}

/** By the size of most of its characters. */
function close({ parts, y, chars }: Open): Line {
  const tidy = parts
    .map((part) => ({ ...part, text: part.text.replace(/\s+/g, ' ').trim() }))
    .filter(({ text }) => text)
  const [size] = [...chars].reduce((most, entry) => (entry[1] > most[1] ? entry : most), [0, 0])
  return lineOfParts({ text: '', x: 0, right: 0, y, size, parts: tidy }, tidy)
}

function count(chars: Map<number, number>, { size, text }: Run): void {
  const rounded = Math.round(size * 10) / 10
  chars.set(rounded, (chars.get(rounded) ?? 0) + text.trim().length)
}
