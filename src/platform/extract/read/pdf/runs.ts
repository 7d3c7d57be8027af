/** A piece of text on one baseline, in points of the page as it is shown: x to the right, y downwards, size of the type. */
export type Run = { text: string; x: number; y: number; width: number; size: number; spaced: boolean }

/** A text item as pdf.js gives it. */
export type Item = { str: string; width: number; transform: number[] }

type Matrix = readonly number[]

/**
 * The runs of a page in the order of its content, by the direction in which they are written: the page's main direction
 * first. Text written sideways or aslant has coordinates of its own, turned so that it reads to the right.
 */
export function runsOf(items: Iterable<Item>, view: Matrix): Run[][] {
  const byAngle = new Map<number, { runs: Run[]; chars: number }>()
  let spaced = false
  for (const { str, width, transform } of items) {
    if (!str.trim()) {
      spaced ||= str.length > 0
      continue
    }
    const matrix = multiply(view, transform)
    const angle = Math.round((Math.atan2(part(matrix, 1), part(matrix, 0)) * 180) / Math.PI)
    const group = byAngle.get(angle) ?? { runs: [], chars: 0 }
    byAngle.set(angle, group)
    const run = { text: str, spaced, ...placed(matrix, angle), width: (width * scaleOf(matrix)) / scaleOf(transform) }
    spaced = false
    if (!isRepeated(run, group.runs)) {
      group.runs.push(run)
      group.chars += str.length
    }
  }
  return [...byAngle.values()].sort((a, b) => b.chars - a.chars).map(({ runs }) => runs)
}

function placed(matrix: Matrix, angle: number): { x: number; y: number; size: number } {
  const [x, y] = [part(matrix, 4), part(matrix, 5)]
  const [cos, sin] = [Math.cos((angle * Math.PI) / 180), Math.sin((angle * Math.PI) / 180)]
  return { x: x * cos + y * sin, y: y * cos - x * sin, size: Math.hypot(part(matrix, 2), part(matrix, 3)) }
}

/** Bold type and shadows are imitated by the same text drawn again, next to nothing apart. */
function isRepeated(run: Run, before: Run[]): boolean {
  return before.slice(-4).some(({ text, x, y, size }) => {
    const near = size * 0.15
    return text.trim() === run.text.trim() && Math.abs(x - run.x) < near && Math.abs(y - run.y) < near
  })
}

function multiply(a: Matrix, b: Matrix): number[] {
  const [a0, a1, a2, a3, a4, a5] = [0, 1, 2, 3, 4, 5].map((index) => part(a, index)) as Six
  const [b0, b1, b2, b3, b4, b5] = [0, 1, 2, 3, 4, 5].map((index) => part(b, index)) as Six
  return [
    a0 * b0 + a2 * b1,
    a1 * b0 + a3 * b1,
    a0 * b2 + a2 * b3,
    a1 * b2 + a3 * b3,
    a0 * b4 + a2 * b5 + a4,
    a1 * b4 + a3 * b5 + a5,
  ]
}

type Six = [number, number, number, number, number, number]

function scaleOf(matrix: Matrix): number {
  return Math.hypot(part(matrix, 0), part(matrix, 1)) || 1
}

/** A broken file may give anything: what is no number counts as 0. */
function part(matrix: Matrix, index: number): number {
  const value = matrix[index]
  return value !== undefined && Number.isFinite(value) ? value : 0
}
