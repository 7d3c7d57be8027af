import type { Passage } from '#kernel/passage.ts'
import { bounds, cleanTitle, sentenceTitle } from './bounds.ts'
import { materialTitle, type OutlineLesson, type OutlineModule } from './outline.ts'
import { textOf } from './passages.ts'
import { isGreeting, sentencesOf } from './sentences.ts'
import { definedConcepts, wholeConcept } from './text-concepts.ts'

/** Ten minutes of speech make a lesson, or ten slides or pages. */
export const lessonLength = { speech: 600, pages: 10 }

type Material = { id: string; title: string | null; name: string }

/**
 * A module of a material that has no headings: its passages in equal lessons of about `size` (in the unit of the passages),
 * each titled by its first words. A passage gives the terms it defines, or one concept; a slide is always one concept, of its
 * title. A slide that only greets or thanks is left out.
 */
export function passageModule(
  material: Material,
  passages: Passage[],
  { size, asSlides }: { size: number; asSlides: boolean },
): OutlineModule {
  const title = materialTitle(material)
  const telling = passages.filter((passage) => !isGreeting(textOf(passage)) || !asSlides)
  const lessons = windows(telling.length > 0 ? telling : passages, size).map((window) => {
    return lessonOf(material.id, title, window, asSlides)
  })
  return { title, description: null, lessons }
}

function lessonOf(materialId: string, fallback: string, passages: Passage[], asSlides: boolean): OutlineLesson {
  const titles = passages.map(passageTitle)
  const title = titles.find((found) => found !== null) ?? fallback
  const concepts = passages.flatMap((passage, index) => {
    const defined = asSlides ? [] : definedConcepts(materialId, passage.chunks)
    if (defined.length > 0) return defined
    const text = passage.chunks.filter((chunk) => chunk.kind !== 'heading')
    return [wholeConcept(materialId, titles[index] ?? title, text, passage.chunks[0] ?? null)]
  })
  return { title, concepts }
}

/** Cuts the passages into equal stretches, as near to `size` as a whole number of them allows. */
function windows(passages: Passage[], size: number): Passage[][] {
  const first = passages.reduce((least, { start }) => Math.min(least, start), Number.POSITIVE_INFINITY)
  const last = passages.reduce((most, { start, length }) => Math.max(most, start + length), first)
  const count = Math.min(bounds.lessons, Math.max(1, Math.round((last - first) / size)))
  const cut = Map.groupBy(passages, ({ start }) =>
    last > first ? Math.min(count - 1, Math.floor(((start - first) / (last - first)) * count)) : 0,
  )
  return [...cut].sort(([a], [b]) => a - b).map(([, window]) => window)
}

/** The heading of a slide, or a short first line, or the first sentence that is not a greeting. */
function passageTitle(passage: Passage): string | null {
  const heading = passage.chunks.find((chunk) => chunk.kind === 'heading')
  if (heading) return cleanTitle(heading.text)
  const sentences = passage.chunks.filter(({ kind }) => kind !== 'description').flatMap(sentencesOf)
  const best = sentences.find((sentence) => !isGreeting(sentence)) ?? sentences[0]
  return sentenceTitle(best ?? textOf(passage))
}
