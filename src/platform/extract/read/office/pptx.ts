import { ExtractionError } from '../../errors.ts'
import type { ReadLimits } from '../../limits.ts'
import type { Block } from '../../protocol.ts'
import type { Document } from '../blocks.ts'
import { splitLines, splitProse } from '../split.ts'
import { type OfficeFile, openOffice, readPart, relationshipsOf, targetOf, titleInProperties } from './office.ts'
import { childrenNamed, descend, isTrue, prefixed } from './office-xml.ts'
import { readNotes, readSlide } from './pptx-slide.ts'
import type { SlidePiece } from './pptx-text.ts'

type Slide = { number: number; title: string | null; pieces: SlidePiece[] }

/** What PowerPoint and its kin write where nobody has given a title. */
const NO_TITLE = /^(?:powerpoint presentation|презентац\S+ powerpoint|presentation|презентація|слайд \d+|slide \d+)$/i

/**
 * Reads a presentation slide by slide, in the order in which they are shown, speaker notes last. The number is the one that
 * PowerPoint shows: hidden slides have one too, but are not read, for nobody is shown them. The title is the first slide's,
 * else the one in the properties. ECMA-376 part 1, 13 and 19.2.
 */
export function readPptx(bytes: Buffer, limits: ReadLimits): Document {
  const file = openOffice(bytes, 'pptx', limits)
  const slides = readSlides(file, limits.maxSlides)
  const first = slides.next()
  if (first.done) return { title: null, blocks: [] }
  const said = titleInProperties(file.archive)
  const title = first.value.title ?? (said && !NO_TITLE.test(said) ? said : null)
  return { title, blocks: blocksOf(first.value, slides, limits.maxChunkChars) }
}

function* readSlides({ archive, main }: OfficeFile, maxSlides: number): Generator<Slide> {
  const presentation = readPart(archive, main)
  const parts = relationshipsOf(archive, main)
  const ids = childrenNamed(descend(presentation, 'sldIdLst'), 'sldId')
  if (!presentation) throw new ExtractionError('extract.unreadable')
  if (ids.length > maxSlides) {
    throw new ExtractionError('extract.too_large', `The presentation has more than ${maxSlides} slides.`)
  }
  const firstNumber = Number(presentation.attributes['firstSlideNum'] ?? 1) || 0
  for (const [index, id] of ids.entries()) {
    const part = parts.get(prefixed(id, 'id') ?? '')?.target
    const root = part === undefined ? undefined : readPart(archive, part)
    if (part === undefined || !root) throw new ExtractionError('extract.unreadable')
    if (!isTrue(root.attributes['show'] ?? 'true')) continue
    const related = relationshipsOf(archive, part)
    const partOf = (name: string | undefined) => (name === undefined ? undefined : readPart(archive, name))
    const { title, pieces } = readSlide(root, (relation) => partOf(related.get(relation)?.target))
    const notes = partOf(targetOf(related, 'notesSlide'))
    yield { number: Math.max(0, firstNumber + index), title, pieces: [...pieces, ...(notes ? readNotes(notes) : [])] }
  }
}

function* blocksOf(first: Slide, others: Iterable<Slide>, maxChars: number): Generator<Block> {
  yield* blocksOfSlide(first, maxChars)
  for (const slide of others) yield* blocksOfSlide(slide, maxChars)
}

function* blocksOfSlide({ number, pieces }: Slide, maxChars: number): Generator<Block> {
  for (const { kind, text } of pieces) {
    const keepsLines = kind === 'list' || kind === 'table' || kind === 'code'
    for (const part of keepsLines ? splitLines(text, maxChars) : splitProse(text, maxChars)) {
      yield { kind, text: part, locator: { slide: number } }
    }
  }
}
