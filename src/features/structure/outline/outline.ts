import type { Chunk } from '#kernel/chunk.ts'
import type { Source, WebReference } from '../tree.ts'
import { cleanTitle } from './bounds.ts'

/** Seconds of a video in which something is spoken of. */
export type Spoken = { videoId: string; start: number; end: number }
/** How surely a sentence is the one that says what a concept is: see `telling.ts`. */
export type Told = Spoken & { tells: number }
/** A slide of a presentation; its id is null when a slide mapping names slides of a presentation that is not a material. */
export type SlideReference = { presentationId: string | null; number: number }

/** A course in the making: what merging and aligning work on, before timecodes and slide ranges are written down. */
export type OutlineModule = { title: string; description: string | null; lessons: OutlineLesson[] }
export type OutlineLesson = { title: string; concepts: OutlineConcept[] }
export type OutlineConcept = {
  title: string
  definition: string
  examples: string[]
  webReferences: WebReference[]
  sources: Source[]
  spoken: Told[]
  slides: SlideReference[]
  /** What the concept's own document says, for comparing with what is said in a video. */
  texts: string[]
}

export function emptyConcept(title: string): OutlineConcept {
  return { title, definition: '', examples: [], webReferences: [], sources: [], spoken: [], slides: [], texts: [] }
}

/** Makes the chunk one more source of the concept: its locator, and the seconds or the slide it stands for. */
export function cite(concept: OutlineConcept, materialId: string, { locator }: Chunk): void {
  if ('start' in locator) citeSpoken(concept, materialId, { chunk: locator, time: locator, tells: 0 })
  else concept.sources.push({ materialId, locator })
  if ('slide' in locator) concept.slides.push({ presentationId: materialId, number: locator.slide })
}

type Seconds = { start: number; end: number }

/** Sentences with no longer a silence in between are one source. */
const breath = 3

/**
 * The same for a sentence: `chunk` is where its chunk is, `time` where in it the sentence is. What follows at once on what is cited
 * already makes that source longer, but the sentence that tells what the concept is begins a source of its own.
 */
export function citeSpoken(
  concept: OutlineConcept,
  materialId: string,
  { chunk: { start, end }, time, tells }: { chunk: Seconds; time: Seconds; tells: number },
): void {
  const last = concept.sources.at(-1)
  const before = last?.materialId === materialId && 'start' in last.locator ? last.locator : null
  const isSame = before !== null && before.start === start
  if (last && before && before.start <= start && start - before.end <= breath && (tells === 0 || isSame)) {
    last.locator = { start: before.start, end: Math.max(before.end, end) }
  } else {
    concept.sources.push({ materialId, locator: { start, end } })
  }
  concept.spoken.push({ videoId: materialId, start: time.start, end: time.end, tells })
}

/** The title of last resort. */
export function materialTitle(material: { title: string | null; name: string }): string {
  return cleanTitle(material.title) ?? cleanTitle(material.name) ?? 'Untitled'
}
