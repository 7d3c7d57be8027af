import type { Chunk } from '#kernel/chunk.ts'
import { indexTexts, likeliestPath, titledStems, type Vector } from './likeness.ts'
import { cite, type OutlineLesson, type OutlineModule, type SlideReference } from './outline.ts'
import type { Passage } from './passages.ts'
import { sentencesOf } from './sentences.ts'
import { stemsOf } from './stems.ts'
import type { ShownSlide } from './timing.ts'

/**
 * Found by trying lectures on their own texts and on others'. `floor`: below this likeness nothing is spoken of. `lesson`, `concept`:
 * what changing them from one sentence or slide to the next costs; a lecture stays with its subject, slides leave it sooner.
 */
const tuning = {
  speech: { floor: 0.06, lesson: 0.2, concept: 0.1 },
  slides: { floor: 0.15, lesson: 0.05, concept: 0.02 },
}
/** What it adds to the likeness that a slide of the lesson or concept is on the screen: an author said so. */
const shownBonus = 0.3
/** When less of a material than this is matched, the matches are chance and all of it is left over. */
const leastShare = 0.2

type Alignment = { materialId: string; kind: 'speech' | 'slides'; passages: Passage[]; shown: ShownSlide[] }

/**
 * Adds to the concepts what is said of them and returns the passages that match nothing, in runs of neighbours. Sentences (or slides)
 * are compared with the lessons by the stems they share; the likeliest sequence of lessons is taken, then within each lesson
 * that of concepts. A concept cites the chunk of its sentence; when in the chunk the sentence is spoken is told from its place in the text.
 */
export function alignPassages(modules: OutlineModule[], { materialId, kind, passages, shown }: Alignment): Passage[][] {
  if (passages.length === 0) return []
  const lessons = modules.flatMap((module) => module.lessons)
  const index = indexTexts(lessons.map(lessonStems))
  const onScreen = screenOf(shown.filter((slide) => slide.videoId === materialId))
  const units = passages.flatMap(unitsOf).map((unit) => {
    return { ...unit, vector: index.vectorOf(stemsOf(unit.text)), screen: onScreen(unit) }
  })
  const withSlides = lessons.map(({ concepts }) => concepts.flatMap((concept) => concept.slides.map(slideKey)))
  // Likenesses are made one by one, as they are asked for: of all sentences at once they would be too many.
  const path = likeliestPath(
    units.values().map(({ vector, screen }) => addShown(index.likenesses(vector), withSlides, screen)),
    { texts: lessons.length, move: tuning[kind].lesson, floor: tuning[kind].floor },
  )
  const placed = units.map((unit, at) => ({ ...unit, lesson: lessons[path[at] ?? -1] }))
  const matched = new Set(placed.filter(({ lesson }) => lesson).map(({ passage }) => passage))
  if (matched.size < passages.length * leastShare) return [passages]

  for (const [lesson, ofLesson] of Map.groupBy(placed, (unit) => unit.lesson)) {
    if (!lesson) continue
    const { concepts } = lesson
    const slides = concepts.map((concept) => concept.slides.map(slideKey))
    const vectors = concepts.map((concept) => index.vectorOf(titledStems(concept.title, concept.texts)))
    const likenesses = ofLesson.values().map(({ vector, screen }) => {
      return addShown(new Map(vectors.map((concept, at) => [at, cosine(vector, concept)])), slides, screen)
    })
    const conceptPath = likeliestPath(likenesses, { texts: concepts.length, move: tuning[kind].concept })
    for (const [at, { chunks, time }] of ofLesson.entries()) {
      const concept = concepts[conceptPath[at] ?? -1]
      if (concept) for (const chunk of chunks) cite(concept, materialId, chunk, time)
    }
  }
  return runs(passages, (passage) => !matched.has(passage))
}

/** A piece of a passage that is matched on its own. `start` and `end` are seconds, for speech. */
type Unit = { passage: Passage; chunks: Chunk[]; text: string; time: { start: number; end: number } | null }

function unitsOf(passage: Passage): Unit[] {
  const [first] = passage.chunks
  if (!first || !('start' in first.locator)) {
    return [{ passage, chunks: passage.chunks, text: passage.chunks.map(({ text }) => text).join('\n'), time: null }]
  }
  return passage.chunks.flatMap((chunk) => sentenceUnits(passage, chunk))
}

/** Fewer letters than this say too little to be compared alone. */
const shortSentence = 60

function sentenceUnits(passage: Passage, chunk: Chunk): Unit[] {
  const parts: string[] = []
  for (const sentence of sentencesOf(chunk)) {
    const last = parts.at(-1)
    if (last !== undefined && last.length < shortSentence) parts[parts.length - 1] = `${last} ${sentence}`
    else parts.push(sentence)
  }
  const { locator } = chunk
  const [start, end] = 'start' in locator ? [locator.start, locator.end] : [passage.start, passage.start]
  const letters = parts.reduce((sum, part) => sum + part.length, 0)
  let before = 0
  return parts.map((text) => {
    const from = start + ((end - start) * before) / letters
    before += text.length
    const time = { start: from, end: start + ((end - start) * before) / letters }
    return { passage, chunks: [chunk], text, time }
  })
}

/** Tells which slides are on the screen in the middle of a unit. */
function screenOf(shown: ShownSlide[]): (unit: Unit) => Set<string> {
  return ({ time }) => {
    if (time === null) return new Set()
    const middle = (time.start + time.end) / 2
    return new Set(shown.filter(({ start, end }) => start <= middle && middle < end).map(slideKey))
  }
}

function addShown(likenesses: Map<number, number>, slides: string[][], screen: Set<string>): Map<number, number> {
  if (screen.size === 0) return likenesses
  for (const [at, keys] of slides.entries()) {
    if (keys.some((key) => screen.has(key))) likenesses.set(at, (likenesses.get(at) ?? 0) + shownBonus)
  }
  return likenesses
}

function slideKey({ presentationId, number }: SlideReference): string {
  return `${presentationId} ${number}`
}

function lessonStems({ title, concepts }: OutlineLesson): string[] {
  return [...titledStems(title, []), ...concepts.flatMap((concept) => titledStems(concept.title, concept.texts))]
}

function cosine(a: Vector, b: Vector): number {
  let sum = 0
  for (const [stem, weight] of a) sum += weight * (b.get(stem) ?? 0)
  return sum
}

function runs<T>(items: T[], isIn: (item: T) => boolean): T[][] {
  const found: T[][] = []
  for (const [at, item] of items.entries()) {
    if (!isIn(item)) continue
    const before = items[at - 1]
    if (before !== undefined && isIn(before)) found.at(-1)?.push(item)
    else found.push([item])
  }
  return found
}
