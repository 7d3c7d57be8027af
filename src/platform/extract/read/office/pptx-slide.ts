import { MAX_HEADING_CHARS } from '../../protocol.ts'
import { cleanInline } from '../clean.ts'
import { child, childrenNamed, descend, isTrue, prefixed, type XmlNode } from './office-xml.ts'
import { lineOfBody, piecesOfBody, type SlidePiece, tableText, withChoices } from './pptx-text.ts'

/** A diagram's data by the name that a slide uses for it. */
type FindPart = (relationId: string) => XmlNode | undefined

/** What repeats on every slide says nothing of one of them. */
const FURNITURE = new Set(['dt', 'ftr', 'hdr', 'sldNum', 'sldImg'])
/** Shapes whose tops are this near stand side by side: a quarter of an inch, in EMU (ECMA-376 part 1, 20.1.2.1). */
const SAME_ROW = 228_600
const FILE_NAME = /^\S+\.(?:png|jpe?g|gif|bmp|tiff?|emf|wmf|svg|webp)$/i

/**
 * The title of a slide, if it has one, and its pieces in reading order, the title first: what fills the layout's places by
 * their number, then everything else from top to bottom and from left to right.
 */
export function readSlide(root: XmlNode, findPart: FindPart): { title: string | null; pieces: SlidePiece[] } {
  const shapes = shapesBelow(descend(root, 'cSld', 'spTree')).filter((shape) => !isFurniture(shape))
  const heading = inRows(shapes.filter(isTitle)).find((shape) => isShort(titleOf(shape)))
  const filled = shapes.filter((shape) => placeOf(shape) && shape !== heading)
  const free = shapes.filter((shape) => !placeOf(shape))
  const ordered = [...inRows(filled).sort((a, b) => indexOf(a) - indexOf(b)), ...inRows(free)]
  const pieces = ordered.flatMap((shape) => piecesOf(shape, findPart)).filter(({ text }) => text !== '')
  const title = heading ? titleOf(heading) : null
  return { title, pieces: title === null ? pieces : [{ kind: 'heading', text: title }, ...pieces] }
}

/** What the speaker noted below a slide. */
export function readNotes(root: XmlNode): SlidePiece[] {
  const shapes = shapesBelow(descend(root, 'cSld', 'spTree')).filter((shape) => placeOf(shape) && !isFurniture(shape))
  return shapes.flatMap((shape) =>
    piecesOfBody(child(shape, 'txBody'), { bulleted: false }).map(({ text }): SlidePiece => ({ kind: 'notes', text })),
  )
}

function piecesOf(shape: XmlNode, findPart: FindPart): SlidePiece[] {
  if (shape.name === 'grpSp') {
    return [...descriptionOf(shape), ...inRows(shapesBelow(shape)).flatMap((inner) => piecesOf(inner, findPart))]
  }
  if (shape.name === 'graphicFrame') return piecesOfFrame(shape, findPart)
  const type = placeOf(shape)?.attributes['type']
  const bulleted = placeOf(shape) !== undefined && (type === undefined || type === 'body' || type === 'obj')
  const pieces = shape.name === 'sp' ? piecesOfBody(child(shape, 'txBody'), { bulleted }) : []
  return pieces.length > 0 ? pieces : descriptionOf(shape)
}

/** A table's text, a diagram's text; of a chart or anything else only what stands for it. */
function piecesOfFrame(frame: XmlNode, findPart: FindPart): SlidePiece[] {
  const content = descend(frame, 'graphic', 'graphicData')
  const table = child(content, 'tbl')
  if (table) return [{ kind: 'table', text: tableText(table) }]
  const dataId = prefixed(child(content, 'relIds'), 'dm')
  const items = dataId === undefined ? [] : diagramItems(findPart(dataId))
  return items.length > 0 ? [{ kind: 'list', text: items.map((item) => `- ${item}`).join('\n') }] : descriptionOf(frame)
}

/** The texts of a diagram's own points (ECMA-376 part 1, 21.4.3), in the order in which they were made. */
function diagramItems(root: XmlNode | undefined): string[] {
  return childrenNamed(child(root, 'ptLst'), 'pt')
    .filter(({ attributes }) => ['node', 'asst'].includes(attributes['type'] ?? 'node'))
    .map((point) => lineOfBody(child(point, 't')))
    .filter(Boolean)
}

/** The alternative text, unless it is only the name of the picture's file. */
function descriptionOf(shape: XmlNode): SlidePiece[] {
  const text = cleanInline(propertiesOf(shape)?.attributes['descr'] ?? '')
  return text && !FILE_NAME.test(text) ? [{ kind: 'description', text }] : []
}

function shapesBelow(tree: XmlNode | undefined): XmlNode[] {
  return withChoices(tree?.children ?? []).filter(
    (node) =>
      ['sp', 'pic', 'graphicFrame', 'grpSp', 'cxnSp'].includes(node.name) &&
      !isTrue(propertiesOf(node)?.attributes['hidden']),
  )
}

function propertiesOf(shape: XmlNode): XmlNode | undefined {
  return child(nonVisualOf(shape), 'cNvPr')
}

/** The layout's place that a shape fills. */
function placeOf(shape: XmlNode): XmlNode | undefined {
  return descend(nonVisualOf(shape), 'nvPr', 'ph')
}

/** `nvSpPr`, `nvPicPr` and so on. */
function nonVisualOf(shape: XmlNode): XmlNode | undefined {
  return shape.children.find(({ name }) => name.startsWith('nv'))
}

function titleOf(shape: XmlNode): string {
  return lineOfBody(child(shape, 'txBody'))
}

/** A longer title is a text in a place that it was not made for. */
function isShort(title: string): boolean {
  return title.length > 0 && title.length <= MAX_HEADING_CHARS
}

function isTitle(shape: XmlNode): boolean {
  return ['title', 'ctrTitle'].includes(placeOf(shape)?.attributes['type'] ?? '')
}

function isFurniture(shape: XmlNode): boolean {
  return FURNITURE.has(placeOf(shape)?.attributes['type'] ?? '')
}

function indexOf(shape: XmlNode): number {
  return Number(placeOf(shape)?.attributes['idx'] ?? 0) || 0
}

/** From top to bottom, and what begins at about the same height from left to right. */
function inRows(shapes: XmlNode[]): XmlNode[] {
  const placed = shapes.map((shape) => ({ shape, ...positionOf(shape) })).sort((a, b) => a.y - b.y)
  let top = Number.NEGATIVE_INFINITY
  const rows = placed.map((each) => {
    if (each.y - top > SAME_ROW) top = each.y
    return { ...each, top }
  })
  return rows.sort((a, b) => a.top - b.top || a.x - b.x).map(({ shape }) => shape)
}

function positionOf(shape: XmlNode): { x: number; y: number } {
  const properties = child(shape, 'spPr') ?? child(shape, 'grpSpPr')
  const { x, y } = child(child(properties, 'xfrm') ?? child(shape, 'xfrm'), 'off')?.attributes ?? {}
  return { x: Number(x) || 0, y: Number(y) || 0 }
}
