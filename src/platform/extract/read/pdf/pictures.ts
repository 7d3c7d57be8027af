import { OPS } from 'unpdf/pdfjs'

/** A page's drawing operators as pdf.js lists them, made with `maxImageSize: 0`. */
export type Operators = { fnArray: number[]; argsArray: unknown[] }

/** What a page shows besides text: the area of its images as a share of the page, and the number of its painted paths. */
export type Drawn = { imageShare: number; paths: number }

type State = { matrix: Linear; moved: boolean; painted: boolean }
type Linear = [number, number, number, number]

/** In square points: 10 × 10. */
const MIN_IMAGE = 100

const images = new Set<number>([
  OPS.paintImageXObject,
  OPS.paintImageMaskXObject,
  OPS.paintInlineImageXObject,
  OPS.paintSolidColorImageMask,
])
const painters = new Set<number>([
  OPS.showText,
  OPS.showSpacedText,
  OPS.nextLineShowText,
  OPS.nextLineSetSpacingShowText,
  OPS.shadingFill,
])
const MAX_STATES = 1000

/**
 * pdf.js would decode every image that it lists. With `maxImageSize: 0` it leaves all of them out instead, before it looks at
 * their bytes, and what remains of `q <width> 0 0 <height> <x> <y> cm /Image Do Q` is a scaled state in which nothing is
 * painted. An image fills the unit square (ISO 32000-1, 8.9.5.1), so that scale is its size.
 */
export function drawnOn({ fnArray, argsArray }: Operators, pageArea: number): Drawn {
  const states: State[] = [{ matrix: [1, 0, 0, 1], moved: false, painted: false }]
  let area = 0
  let paths = 0

  function close(state: State): void {
    const size = areaOf(state.matrix)
    if (state.painted || !state.moved || size < MIN_IMAGE) return
    area += Math.min(size, pageArea)
    state.painted = true
  }

  for (const [index, operator] of fnArray.entries()) {
    const state = states.at(-1)
    const args = argsArray[index]
    if (!state) break
    if (operator === OPS.save || operator === OPS.paintFormXObjectBegin) {
      if (states.length < MAX_STATES) states.push({ ...state, moved: false, painted: false })
    }
    if (operator === OPS.transform) transform(state, args)
    if (operator === OPS.paintFormXObjectBegin && Array.isArray(args)) transform(states.at(-1) ?? state, args[0])
    if (operator === OPS.restore || operator === OPS.paintFormXObjectEnd) {
      close(state)
      if (states.length > 1) states.pop()
      const outer = states.at(-1)
      if (outer && state.painted) outer.painted = true
    }
    if (images.has(operator)) {
      area += Math.min(areaOf(state.matrix), pageArea)
      state.painted = true
    }
    if (painters.has(operator)) state.painted = true
    if (operator === OPS.constructPath && Array.isArray(args) && args[0] !== OPS.endPath) {
      state.painted = true
      paths += 1
    }
  }
  for (const state of states.toReversed()) close(state)
  return { imageShare: pageArea > 0 ? area / pageArea : 0, paths }
}

/** `cm`: the operands come before what was there. Where the origin lies says nothing of the size. */
function transform(state: State, operands: unknown): void {
  const numbers = isNumbers(operands) ? Array.from(operands) : []
  const [a, b, c, d] = numbers
  if (a === undefined || b === undefined || c === undefined || d === undefined) return
  const [e, f, g, h] = state.matrix
  state.matrix = [e * a + g * b, f * a + h * b, e * c + g * d, f * c + h * d]
  state.moved = true
}

function isNumbers(value: unknown): value is Iterable<number> {
  const isList = Array.isArray(value) || ArrayBuffer.isView(value)
  return isList && Array.from(value as Iterable<unknown>).every((part) => typeof part === 'number')
}

function areaOf([a, b, c, d]: Linear): number {
  const area = Math.abs(a * d - b * c)
  return Number.isFinite(area) ? area : 0
}
