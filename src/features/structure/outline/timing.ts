import { timecodeOf } from '#kernel/timecode.ts'
import type { LessonDraft, SlideTime, SourceMaterial } from '../tree.ts'
import { bounds } from './bounds.ts'
import type { OutlineConcept, OutlineLesson, SlideReference, Spoken, Told } from './outline.ts'

/** A slide and the seconds of a video during which it is on the screen. */
export type ShownSlide = SlideReference & Spoken

/** The slides of a course's presentations and when its videos show them. */
export function shownIn(materials: readonly SourceMaterial[], slideTimes: SlideTime[]): ShownSlide[] {
  const ofType = (type: SourceMaterial['sourceType']) => materials.filter(({ sourceType }) => sourceType === type)
  return shownSlides(slideTimes, {
    // A video of which no words are known has no minutes to give, so it is not one of several.
    videos: ofType('video')
      .map((video) => ({ id: video.id, end: endOf(video) }))
      .filter(({ end }) => end > 0),
    presentations: ofType('presentation').map(({ id }) => id),
  })
}

function endOf(video: SourceMaterial): number {
  return video.chunks.reduce((end, { locator }) => ('end' in locator ? Math.max(end, locator.end) : end), 0)
}

/**
 * Turns slide times into intervals: a slide is shown until the next one of the same video, the last one to the video's end.
 * An id that the author left out means the course's only video or presentation; where there are several, a time without a
 * video says nothing.
 */
function shownSlides(
  slideTimes: SlideTime[],
  { videos, presentations }: { videos: { id: string; end: number }[]; presentations: string[] },
): ShownSlide[] {
  const onlyVideo = videos.length === 1 ? (videos[0]?.id ?? null) : null
  const onlyPresentation = presentations.length === 1 ? (presentations[0] ?? null) : null
  const timed = slideTimes.flatMap(({ slideNumber, seconds, presentationId, videoId }) => {
    const video = videoId ?? onlyVideo
    const presentation = presentationId ?? onlyPresentation
    return video === null ? [] : [{ presentationId: presentation, number: slideNumber, videoId: video, start: seconds }]
  })
  return [...Map.groupBy(timed, (slide) => slide.videoId)].flatMap(([videoId, slides]) => {
    const inOrder = slides.toSorted((a, b) => a.start - b.start || a.number - b.number)
    const videoEnd = videos.find(({ id }) => id === videoId)?.end ?? 0
    return inOrder.map((slide, at) => ({
      ...slide,
      end: inOrder.slice(at + 1).find((next) => next.start > slide.start)?.start ?? Math.max(videoEnd, slide.start + 1),
    }))
  })
}

/**
 * Writes down where a lesson is in its video and its presentation. The video is the one that speaks of it longest; its part is the
 * longest stretch of passages with no gap of more than half a minute. Timecodes and slide references of concepts name no material,
 * so they are of the lesson's own video and presentation only.
 */
export function timeLesson(lesson: OutlineLesson, shown: ShownSlide[]): LessonDraft {
  const spoken = lesson.concepts.flatMap((concept) => concept.spoken)
  const videoId = weightiest(
    spoken,
    (part) => part.videoId,
    (part) => part.end - part.start,
  )
  const heard = lesson.concepts.map((concept) => concept.spoken.filter((one) => one.videoId === videoId))
  const part = longest(stretches(heard.flat(), 120))
  const slides = lesson.concepts.map((concept, at) => slidesOf(concept, shown, heard[at] ?? []))
  const presentationId = weightiest(
    slides.flat(),
    (slide) => slide.presentationId,
    () => 1,
  )
  const numbers = slides.map((all) => numbersOf(all.filter((slide) => slide.presentationId === presentationId)))
  const range = numbers.flat().toSorted((a, b) => a - b)
  return {
    title: lesson.title,
    videoMaterialId: videoId,
    videoStartTimecode: part ? timecodeOf(part.start) : null,
    videoEndTimecode: part ? timecodeOf(part.end) : null,
    presentationMaterialId: presentationId,
    slideRange: range.length > 0 ? { start: range[0] ?? 0, end: range.at(-1) ?? 0 } : null,
    concepts: lesson.concepts.map((concept, at) => ({
      title: concept.title,
      definition: concept.definition,
      examples: concept.examples,
      timecodes: timecodesOf(heard[at] ?? []),
      slideReferences: numbers[at] ?? [],
      webReferences: concept.webReferences,
      sources: concept.sources,
    })),
    exercises: [],
  }
}

/** Where the concept is told, then where else it is spoken of. */
function timecodesOf(heard: Told[]): string[] {
  const told = tellingPart(heard)
  if (!told) return []
  const others = stretches(heard, 15).filter(({ start, end }) => told.start < start || told.start > end)
  return [...new Set([told, ...others].map(({ start }) => timecodeOf(start)))].slice(0, bounds.timecodes)
}

/** The sentence that says what the concept is; where none does, the first one that speaks of it. */
function tellingPart(heard: Told[]): Told | undefined {
  return heard.toSorted((a, b) => b.tells - a.tells || a.start - b.start)[0]
}

/**
 * The slides a concept stands on itself, the one on the screen when it is told, and those shown while it is spoken of from then on: for 10 s or half of
 * their time, so that a neighbour does not count.
 */
function slidesOf(concept: OutlineConcept, shown: ShownSlide[], heard: Told[]): SlideReference[] {
  const told = tellingPart(heard)
  const after = heard.filter(({ start }) => told !== undefined && start >= told.start)
  const meanwhile = shown.filter((slide) => {
    const parts = after.filter((part) => part.videoId === slide.videoId)
    if (told && parts.includes(told) && slide.start <= told.start && told.start < slide.end) return true
    const together = parts.reduce(
      (sum, part) => sum + Math.max(0, Math.min(part.end, slide.end) - Math.max(part.start, slide.start)),
      0,
    )
    return together > 0 && together >= Math.min(10, (slide.end - slide.start) / 2)
  })
  return [...concept.slides, ...meanwhile]
}

function numbersOf(slides: SlideReference[]): number[] {
  const numbers = slides.map((slide) => slide.number).toSorted((a, b) => a - b)
  return [...new Set(numbers)].slice(0, bounds.slides)
}

/** Joins parts that follow each other within `gap` seconds. */
function stretches(parts: Spoken[], gap: number): Spoken[] {
  const joined: Spoken[] = []
  for (const part of parts.toSorted((a, b) => a.start - b.start)) {
    const last = joined.at(-1)
    if (last && part.start - last.end <= gap) last.end = Math.max(last.end, part.end)
    else joined.push({ ...part })
  }
  return joined
}

function longest(parts: Spoken[]): Spoken | undefined {
  return parts.toSorted((a, b) => b.end - b.start - (a.end - a.start))[0]
}

/** The key with the greatest sum of weights, the first of equals; null when there is none. */
function weightiest<T>(items: T[], keyOf: (item: T) => string | null, weightOf: (item: T) => number): string | null {
  const sums = new Map<string | null, number>()
  for (const item of items) sums.set(keyOf(item), (sums.get(keyOf(item)) ?? 0) + weightOf(item))
  let best: [string | null, number] | undefined
  for (const sum of sums) if (best === undefined || sum[1] > best[1]) best = sum
  return best?.[0] ?? null
}
