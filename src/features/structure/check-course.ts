import type { FieldError } from '#kernel/failure.ts'
import { secondsOf } from '#kernel/timecode.ts'
import { checkExercise } from './check-exercise.ts'
import type { ConceptLike, CourseLike, ExerciseLike, LessonLike } from './places.ts'

/** In a whole course, so that it is written and shown within seconds. Each list has its own limit in the schema. */
const MOST = { lessons: 20_000, concepts: 50_000, exercises: 20_000 }

/** What is wrong with a course that its schema cannot say. `materialIds` are those that may be cited. */
export function checkCourse({ modules }: CourseLike, materialIds: ReadonlySet<string>): FieldError[] {
  const lessons = modules.flatMap((module, m) =>
    module.lessons.map((lesson, l) => ({ lesson, path: `modules.${m}.lessons.${l}` })),
  )
  const tooMany = sizeErrors(lessons.map(({ lesson }) => lesson))
  if (tooMany.length > 0) return tooMany
  return [
    ...lessons.flatMap(({ lesson, path }) => lessonErrors(lesson, path, materialIds)),
    ...externalIdErrors(
      lessons.flatMap(({ lesson, path }) =>
        lesson.exercises.map((exercise, e) => ({ exercise, path: `${path}.exercises.${e}` })),
      ),
    ),
  ]
}

function sizeErrors(lessons: LessonLike[]): FieldError[] {
  const counts = {
    lessons: lessons.length,
    concepts: lessons.reduce((sum, { concepts }) => sum + concepts.length, 0),
    exercises: lessons.reduce((sum, { exercises }) => sum + exercises.length, 0),
  }
  return (['lessons', 'concepts', 'exercises'] as const)
    .filter((part) => counts[part] > MOST[part])
    .map((part) => ({ path: 'modules', message: `must not have more than ${MOST[part]} ${part} in all` }))
}

function lessonErrors(lesson: LessonLike, path: string, materialIds: ReadonlySet<string>): FieldError[] {
  const { videoMaterialId, presentationMaterialId, videoStartTimecode, videoEndTimecode, slideRange } = lesson
  const isKnown = (id: string | null) => id === null || materialIds.has(id)
  const isBackwards =
    videoStartTimecode !== null &&
    videoEndTimecode !== null &&
    secondsOf(videoEndTimecode) < secondsOf(videoStartTimecode)
  return [
    ...(isKnown(videoMaterialId) ? [] : [foreignMaterial(`${path}.video_material_id`)]),
    ...(isKnown(presentationMaterialId) ? [] : [foreignMaterial(`${path}.presentation_material_id`)]),
    ...(isBackwards
      ? [{ path: `${path}.video_end_timecode`, message: 'must not be before video_start_timecode' }]
      : []),
    ...(slideRange !== null && slideRange.end < slideRange.start ? [endBeforeStart(`${path}.slide_range`)] : []),
    ...lesson.concepts.flatMap((concept, c) => sourceErrors(concept, `${path}.concepts.${c}`, materialIds)),
    ...lesson.exercises.flatMap((exercise, e) => checkExercise(exercise, `${path}.exercises.${e}.`)),
  ]
}

function sourceErrors({ sources }: ConceptLike, path: string, materialIds: ReadonlySet<string>): FieldError[] {
  return sources.flatMap(({ materialId, locator }, s) => [
    ...(materialIds.has(materialId) ? [] : [foreignMaterial(`${path}.sources.${s}.material_id`)]),
    ...('start' in locator && locator.end < locator.start ? [endBeforeStart(`${path}.sources.${s}.locator`)] : []),
  ])
}

function externalIdErrors(exercises: { exercise: ExerciseLike; path: string }[]): FieldError[] {
  const seen = new Set<string>()
  return exercises.flatMap(({ exercise: { externalId }, path }) => {
    if (externalId === null) return []
    const again = seen.has(externalId)
    seen.add(externalId)
    return again ? [{ path: `${path}.external_id`, message: 'is given to two exercises in this request' }] : []
  })
}

const foreignMaterial = (path: string) => ({ path, message: 'is not a material of this course' })
const endBeforeStart = (path: string) => ({ path: `${path}.end`, message: 'must not be before start' })
