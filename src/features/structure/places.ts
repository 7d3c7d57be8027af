import { titleKey } from './title-key.ts'
import type { ConceptDraft, ExerciseDraft, LessonDraft, ModuleDraft } from './tree.ts'

type WithId = { id?: string | undefined }
export type ConceptLike = ConceptDraft & WithId
export type ExerciseLike = ExerciseDraft & WithId
export type LessonLike = Omit<LessonDraft, 'concepts' | 'exercises'> &
  WithId & { concepts: ConceptLike[]; exercises: ExerciseLike[] }
export type ModuleLike = Omit<ModuleDraft, 'lessons'> & WithId & { lessons: LessonLike[] }
/** A course whose parts may or may not have ids. */
export type CourseLike = { modules: ModuleLike[] }

/** A part of a course as it is found again in another version of it. */
export type Place = {
  id: string | undefined
  /** Where it stands in the JSON: `modules.0.lessons.2`. */
  path: string
  parent: Place | null
  title: string
  /** Everything below, as one string: tells two of the same title apart. */
  content: string
  /** What it teaches: for each concept below, the keys by which the concept is known. For a concept: its own. */
  teaches: ConceptKeys[]
  externalId: string | null
}

/** `sources` is null for a concept without any. */
export type ConceptKeys = { title: string; sources: string | null }

export type Places = { modules: Place[]; lessons: Place[]; concepts: Place[]; exercises: Place[] }

/** Every part of the course in its order; a child names its parent. */
export function placesOf({ modules }: CourseLike): Places {
  const places: Places = { modules: [], lessons: [], concepts: [], exercises: [] }
  for (const [at, module] of modules.entries()) {
    const path = `modules.${at}`
    const own: Place = {
      ...place(module, path, null, module.title),
      content: JSON.stringify(module.lessons.map(lessonContent)),
    }
    places.modules.push(own)
    for (const [lessonAt, lesson] of module.lessons.entries()) {
      const lessonPlace = addLesson(places, lesson, `${path}.lessons.${lessonAt}`, own)
      own.teaches.push(...lessonPlace.teaches)
    }
  }
  return places
}

function addLesson(places: Places, lesson: LessonLike, path: string, parent: Place): Place {
  const own: Place = { ...place(lesson, path, parent, lesson.title), content: JSON.stringify(lessonContent(lesson)) }
  places.lessons.push(own)
  for (const [at, concept] of lesson.concepts.entries()) {
    const keys = conceptKeys(concept)
    const conceptPlace = place(concept, `${path}.concepts.${at}`, own, concept.title)
    places.concepts.push({ ...conceptPlace, content: JSON.stringify([keys, concept.definition]), teaches: [keys] })
    own.teaches.push(keys)
  }
  for (const [at, exercise] of lesson.exercises.entries()) {
    const { externalId, description, kind } = exercise
    const exercisePlace = place(exercise, `${path}.exercises.${at}`, own, description)
    places.exercises.push({ ...exercisePlace, externalId, content: JSON.stringify([kind, exercise.options]) })
  }
  return own
}

function place({ id }: WithId, path: string, parent: Place | null, title: string): Place {
  return { id, path, parent, title: titleKey(title), content: '', teaches: [], externalId: null }
}

function lessonContent({ title, concepts, exercises }: LessonLike): unknown {
  return [titleKey(title), concepts.map(conceptKeys), exercises.map(({ description }) => titleKey(description))]
}

function conceptKeys({ title, sources }: ConceptLike): ConceptKeys {
  const keys = sources.map(({ materialId, locator }) => {
    const fields = Object.entries(locator).sort(([a], [b]) => (a < b ? -1 : 1))
    return JSON.stringify([materialId, fields])
  })
  return { title: titleKey(title), sources: keys.length > 0 ? [...new Set(keys)].sort().join() : null }
}
