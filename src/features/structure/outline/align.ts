import type { Passage } from '#kernel/passage.ts'
import { indexTexts, likeliestPath, titledStems, type Vector } from './likeness.ts'
import {
  cite,
  citeSpoken,
  type OutlineConcept,
  type OutlineLesson,
  type OutlineModule,
  type SlideReference,
} from './outline.ts'
import { type Said, saidIn } from './speech.ts'
import { stemsOf } from './stems.ts'
import { tellingOf, tells } from './telling.ts'
import type { ShownSlide } from './timing.ts'

/**
 * Found by trying lectures on their own texts and on others'. `floor`: below this likeness nothing is spoken of. `lesson`, `concept`:
 * what changing them from one sentence or slide to the next costs; a lecture stays with its subject, slides leave it sooner.
 */
const tuning = {
  speech: { floor: 0.06, lesson: 0.2, concept: 0.1 },
  slides: { floor: 0.15, lesson: 0.05, concept: 0.02 },
}
/** What is left of that cost where a lecturer himself turns to something else: after a silence, or with a new slide. */
const freshStart = 0.4
/** And where he does not, though slides or silences show where he does. */
const midway = 1.5
/** Seconds nobody is silent for within a thought. */
const silence = 3
/** What it adds to the likeness that a sentence is one that tells what the concept is; see `telling.ts`. */
const tellingBonus = [0, 0.1, 0.15, 0.3, 0.3]
/** What it adds to the likeness that a slide of the lesson or concept is on the screen: an author said so. */
const shownBonus = 0.3
/** When less of a material than this is matched, the matches are chance and all of it is left over. */
const leastShare = 0.2

type Alignment = { materialId: string; kind: 'speech' | 'slides'; passages: Passage[]; shown: ShownSlide[] }

/**
 * Adds to the concepts what is said of them and returns the passages that match nothing, in runs of neighbours. Sentences (or slides)
 * are compared with the lessons by the stems they share; the likeliest sequence of lessons is taken, then within each lesson
 * that of concepts. A sentence that defines a concept of the lesson, or begins with its title, is that concept's wherever the path goes.
 */
export function alignPassages(modules: OutlineModule[], { materialId, kind, passages, shown }: Alignment): Passage[][] {
  if (passages.length === 0) return []
  const lessons = modules.flatMap((module) => module.lessons)
  const index = indexTexts(lessons.map(lessonStems))
  const onScreen = screenOf(shown.filter((slide) => slide.videoId === materialId))
  const turns = shown.filter((slide) => slide.videoId === materialId).map(({ start }) => start)
  const units = passages.flatMap(unitsOf).map((unit, at, all) => {
    const vector = index.vectorOf(stemsOf(unit.text))
    return {
      ...unit,
      vector,
      screen: onScreen(unit),
      change: startsAfresh(all[at - 1], unit, turns) ? freshStart : turns.length > 0 ? midway : 1,
    }
  })
  const withSlides = lessons.map(({ concepts }) => concepts.flatMap((concept) => concept.slides.map(slideKey)))
  // Likenesses are made one by one, as they are asked for: of all sentences at once they would be too many.
  const path = likeliestPath(
    units.values().map(({ vector, screen }) => addShown(index.likenesses(vector), withSlides, screen)),
    { texts: lessons.length, move: (at) => (units[at]?.change ?? 1) * tuning[kind].lesson, floor: tuning[kind].floor },
  )
  const placed = units.map((unit, at) => ({ ...unit, lesson: lessons[path[at] ?? -1] }))
  const matched = new Set(placed.filter(({ lesson }) => lesson).map(({ passage }) => passage))
  if (matched.size < passages.length * leastShare) return [passages]

  for (const [lesson, ofLesson] of Map.groupBy(placed, (unit) => unit.lesson)) {
    if (!lesson) continue
    const { concepts } = lesson
    const slides = concepts.map((concept) => concept.slides.map(slideKey))
    const vectors = concepts.map((concept) => index.vectorOf(titledStems(concept.title, concept.texts)))
    const tellings = tellingOf(concepts.map(({ title }) => title))
    const likenesses = ofLesson.values().map(({ vector, screen, said }) => {
      const sure = said.map(({ text, time }) => (time === null ? [] : tellings(text)))
      const like = vectors.map((concept, at): [number, number] => {
        const bonus = Math.max(0, ...sure.map((one) => tellingBonus[one[at] ?? 0] ?? 0))
        return [at, cosine(vector, concept) + bonus]
      })
      return addShown(new Map(like), slides, screen)
    })
    const move = (at: number): number => (ofLesson[at]?.change ?? 1) * tuning[kind].concept
    const conceptPath = likeliestPath(likenesses, { texts: concepts.length, move })
    citeAll(
      concepts,
      materialId,
      ofLesson.map(({ said }, at) => ({ said, concept: concepts[conceptPath[at] ?? -1] })),
    )
  }
  return runs(passages, (passage) => !matched.has(passage))
}

/** Cites what was matched, sentence by sentence; the first of the surest ones is marked as telling what the concept is. */
function citeAll(
  concepts: OutlineConcept[],
  materialId: string,
  matched: { said: Said[]; concept: OutlineConcept | undefined }[],
): void {
  const tellings = tellingOf(concepts.map(({ title }) => title))
  const surest = new Map<OutlineConcept, { said: Said; tells: number }>()
  const cited = matched.flatMap(({ said: sentences, concept: likely }) =>
    sentences.map((said) => {
      const sure = said.time === null ? [] : tellings(said.text)
      const own = sure.findIndex((one) => one >= tells.begins)
      const concept = concepts[own] ?? likely
      const how = concept ? (sure[concepts.indexOf(concept)] ?? tells.nothing) : tells.nothing
      if (concept && how > (surest.get(concept)?.tells ?? tells.nothing)) surest.set(concept, { said, tells: how })
      return { said, concept }
    }),
  )
  for (const { said, concept } of cited) {
    if (!concept) continue
    const { chunk, time } = said
    const best = surest.get(concept)
    if (time === null || !('start' in chunk.locator)) cite(concept, materialId, chunk)
    else {
      const how = best?.said === said ? best.tells : tells.nothing
      citeSpoken(concept, materialId, { chunk: chunk.locator, time, tells: how })
    }
  }
}

/** Whether a silence or a new slide (it may come a second late) is between two units. */
function startsAfresh(before: Unit | undefined, { time }: Unit, turns: number[]): boolean {
  const last = before?.time
  if (!last || !time) return false
  return time.start - last.end >= silence || turns.some((turn) => turn > last.end - 1 && turn <= time.start + 1)
}

/** A piece of a passage that is matched on its own. `time` is seconds, for speech. */
type Unit = { passage: Passage; said: Said[]; text: string; time: { start: number; end: number } | null }

/** Fewer letters than this say too little to be compared alone. */
const shortSentence = 60

function unitsOf(passage: Passage): Unit[] {
  const [first] = passage.chunks
  if (!first || !('start' in first.locator)) {
    const said = passage.chunks.map((chunk): Said => ({ chunk, text: chunk.text, time: null }))
    return [{ passage, said, text: said.map(({ text }) => text).join('\n'), time: null }]
  }
  const units: Unit[] = []
  for (const said of passage.chunks.flatMap(saidIn)) {
    const last = units.at(-1)
    if (last?.time && said.time && last.text.length < shortSentence) {
      last.said.push(said)
      last.text += ` ${said.text}`
      last.time.end = Math.max(last.time.end, said.time.end)
    } else {
      units.push({ passage, said: [said], text: said.text, time: said.time && { ...said.time } })
    }
  }
  return units
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
