import { invalid } from '#kernel/failure.ts'
import { type FoundIds, matchPlaces } from './match-places.ts'
import { type CourseLike, type Places, placesOf } from './places.ts'
import type { CourseDraft, CourseTree } from './tree.ts'

/** The ids an author may give: those the course has, or had in an earlier version. */
export type KnownIds = {
  modules: ReadonlySet<string>
  lessons: ReadonlySet<string>
  concepts: ReadonlySet<string>
  exercises: ReadonlySet<string>
}

/**
 * Gives a new draft the ids of the previous tree where the place is the same, else new ones. An old id is used at most once.
 *
 * - A module or lesson is the same by its title (see `titleKey`) under the same parent, or else when it teaches more than half
 *   of the concepts the old one taught.
 * - A concept is the same by its title in the same lesson, or else by its set of sources, wherever it moved.
 * - An exercise is the same by its `externalId`, or else by its description in the same lesson.
 *
 * Where several have the same title, those with the same content are paired first, then by their order.
 */
export function keepIds(previous: CourseTree | null, draft: CourseDraft, newId: () => string): CourseTree {
  return withIds(previous, draft, new Map(), placesOf(draft), newId)
}

/**
 * The same for a course that an author sent: ids that are given stay, the others are found as in `keepIds`.
 * Throws a 422 naming the path (`modules.0.lessons.2.id`) of an id that is not `known` or was given twice.
 */
export function adoptIds(
  previous: CourseTree | null,
  given: CourseLike,
  known: KnownIds,
  newId: () => string,
): CourseTree {
  const places = placesOf(given)
  const found: FoundIds = new Map()
  for (const kind of kinds) {
    const seen = new Set<string>()
    for (const place of places[kind]) {
      const { id, path } = place
      if (id === undefined) continue
      if (!known[kind].has(id)) throw invalid(`${path}.id`, 'This id is not known in the course.')
      if (seen.has(id)) throw invalid(`${path}.id`, 'This id is given twice.')
      seen.add(id)
      found.set(place, id)
    }
  }
  return withIds(previous, given, found, places, newId)
}

const kinds = ['modules', 'lessons', 'concepts', 'exercises'] as const

function withIds(
  previous: CourseTree | null,
  course: CourseLike,
  found: FoundIds,
  places: Places,
  newId: () => string,
): CourseTree {
  if (previous !== null) matchPlaces(placesOf(previous), places, found)
  const byPath = new Map(kinds.flatMap((kind) => places[kind]).map((place) => [place.path, found.get(place)]))
  const idAt = (path: string): string => byPath.get(path) ?? newId()
  return {
    modules: course.modules.map((module, m) => ({
      ...module,
      id: idAt(`modules.${m}`),
      lessons: module.lessons.map((lesson, l) => {
        const path = `modules.${m}.lessons.${l}`
        return {
          ...lesson,
          id: idAt(path),
          concepts: lesson.concepts.map((concept, c) => ({ ...concept, id: idAt(`${path}.concepts.${c}`) })),
          exercises: lesson.exercises.map((exercise, e) => ({ ...exercise, id: idAt(`${path}.exercises.${e}`) })),
        }
      }),
    })),
  }
}
