import type { Chunk } from '#kernel/chunk.ts'
import type { Source, WebReference } from '../tree.ts'
import { cleanTitle } from './bounds.ts'

/** Seconds of a video in which something is spoken of. */
export type Spoken = { videoId: string; start: number; end: number }
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
  spoken: Spoken[]
  slides: SlideReference[]
  /** What the concept's own document says, for comparing with what is said in a video. */
  texts: string[]
}

export function emptyConcept(title: string): OutlineConcept {
  return { title, definition: '', examples: [], webReferences: [], sources: [], spoken: [], slides: [], texts: [] }
}

/**
 * Makes the chunk one more source of the concept: its locator, and the seconds or the slide it stands for.
 * `time` narrows the seconds down when only a part of the chunk speaks of the concept.
 */
export function cite(
  concept: OutlineConcept,
  materialId: string,
  { locator }: Chunk,
  time: { start: number; end: number } | null = null,
): void {
  concept.sources.push({ materialId, locator })
  if ('start' in locator) {
    const { start, end } = time ?? locator
    concept.spoken.push({ videoId: materialId, start, end })
  }
  if ('slide' in locator) concept.slides.push({ presentationId: materialId, number: locator.slide })
}

/** The title of last resort. */
export function materialTitle(material: { title: string | null; name: string }): string {
  return cleanTitle(material.title) ?? cleanTitle(material.name) ?? 'Untitled'
}
