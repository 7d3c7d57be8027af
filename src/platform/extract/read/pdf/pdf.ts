import type { PDFDocumentProxy, PDFPageProxy } from 'unpdf/pdfjs'
import { ExtractionError } from '../../errors.ts'
import type { Block } from '../../protocol.ts'
import type { Document } from '../blocks.ts'
import { splitLines, splitProse } from '../split.ts'
import { judgeCharacters } from './characters.ts'
import { type Page, withoutFurniture } from './furniture.ts'
import { type Line, linesOf } from './lines.ts'
import { openPdf, refusalOf } from './open.ts'
import { inReadingOrder } from './order.ts'
import { bodySizeOf, type PdfPiece, piecesOfLines } from './paragraphs.ts'
import { drawnOn } from './pictures.ts'
import { type Item, runsOf } from './runs.ts'
import { titleOfPdf } from './title.ts'
import { createLineJoiner } from './words.ts'

type Limits = { maxChunkChars: number; maxPages: number }
/** `turned` are the lines that are written in other directions than most, in reading order. */
type ReadPage = Page & { turned: Line[]; hasPicture: boolean }

/** A page with more text than this speaks for itself, whatever it shows besides. */
const LITTLE_TEXT = 1_000
const NEXT_TO_NO_TEXT = 50
const LARGE_IMAGE = 0.2
const SOME_IMAGE = 0.005
/** A drawing, or text drawn as outlines. */
const MANY_PATHS = 30
/** Fonts are kept from page to page; a long document has too many of them. */
const PAGES_BETWEEN_CLEANUPS = 50

/**
 * Reads a PDF page by page. Headings are guessed from the size of their type; tables stay lines of text; what repeats at
 * the head or foot of the pages is left out. `pictures` are the pages whose content is shown rather than written.
 */
export async function readPdf(bytes: Buffer, { maxChunkChars, maxPages }: Limits): Promise<Document> {
  const pdf = await openPdf(bytes)
  if (pdf.numPages > maxPages) {
    throw new ExtractionError('extract.too_large', `The file has more than ${maxPages} pages.`)
  }
  const property = await titleProperty(pdf)
  const read = await readPages(pdf)
  const pages = withoutFurniture(read).map(({ turned, ...page }) => ({
    ...page,
    lines: [...inReadingOrder(page.lines), ...turned],
  }))
  const lines = pages.flatMap((page) => page.lines)
  const bodySize = bodySizeOf(lines)
  return {
    title: titleOfPdf(property, pages[0]?.lines ?? [], bodySize),
    blocks: blocksOf(pages, { bodySize, join: createLineJoiner(lines) }, maxChunkChars),
    pictures: read.filter(({ hasPicture }) => hasPicture).map(({ number }) => number),
  }
}

async function titleProperty(pdf: PDFDocumentProxy): Promise<unknown> {
  const { info } = await pdf.getMetadata().catch(() => ({ info: {} }))
  return 'Title' in info ? info.Title : undefined
}

/** A damaged page counts as empty; a file of nothing but damaged pages is unreadable. */
async function readPages(pdf: PDFDocumentProxy): Promise<ReadPage[]> {
  const pages: ReadPage[] = []
  let failure: unknown
  for (let number = 1; number <= pdf.numPages; number += 1) {
    try {
      pages.push(await readPage(await pdf.getPage(number), number))
    } catch (error) {
      failure = refusalOf(error)
      if (failure instanceof RangeError) throw failure
    }
    if (number % PAGES_BETWEEN_CLEANUPS === 0) await pdf.cleanup()
  }
  if (pages.length === 0) throw failure ?? new ExtractionError('extract.empty')
  return pages
}

async function readPage(page: PDFPageProxy, number: number): Promise<ReadPage> {
  const { transform, width, height } = page.getViewport({ scale: 1 })
  const { items } = await page.getTextContent()
  const texts = items.filter((item) => 'str' in item) as Item[]
  const { garbled, restore } = judgeCharacters(texts.map(({ str }) => str))
  const readable = garbled ? [] : texts.map((item) => ({ ...item, str: restore(item.str) }))
  const runs = runsOf(readable, transform)
  const [lines = [], ...others] = runs.map(linesOf)
  const turned = others.flatMap(inReadingOrder)
  const hasPicture = garbled || (await isPicture(page, charsOf([...lines, ...turned]), width * height))
  page.cleanup()
  return { number, height, lines, turned, hasPicture }
}

async function isPicture(page: PDFPageProxy, chars: number, area: number): Promise<boolean> {
  if (chars > LITTLE_TEXT) return false
  // What cannot be drawn is no reason to lose the text.
  const operators = await page.getOperatorList().catch(() => ({ fnArray: [], argsArray: [] }))
  const drawn = drawnOn(operators, area)
  if (drawn.imageShare >= LARGE_IMAGE) return true
  return chars < NEXT_TO_NO_TEXT && (drawn.imageShare >= SOME_IMAGE || drawn.paths >= MANY_PATHS)
}

function charsOf(lines: Line[]): number {
  return lines.reduce((sum, { text }) => sum + text.length, 0)
}

function* blocksOf(pages: Page[], usual: Parameters<typeof piecesOfLines>[1], maxChars: number): Generator<Block> {
  for (const { number, lines } of pages) {
    for (const piece of piecesOfLines(lines, usual)) yield* blocksOfPiece(piece, number, maxChars)
  }
}

function* blocksOfPiece({ kind, text }: PdfPiece, page: number, maxChars: number): Generator<Block> {
  const parts = text.includes('\n') ? splitLines(text, maxChars) : splitProse(text, maxChars)
  for (const part of parts) yield { kind, text: part.trim(), locator: { page } }
}
