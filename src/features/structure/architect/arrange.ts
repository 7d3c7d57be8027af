import { materialTitle } from '../outline/outline.ts'
import { titleKey } from '../title-key.ts'
import type { SourceMaterial } from '../tree.ts'
import { MOST } from './limits.ts'
import type { PlanGroup } from './plan.ts'
import type { FoundConcept } from './read.ts'
import type { PlanAnswer } from './schemas.ts'

/** A concept of the course: of one material, or of several that teach the same. The first one's wording is kept. */
export type CourseConcept = FoundConcept[]
export type PlannedLesson = { title: string; concepts: CourseConcept[] }
type AnsweredModule = PlanAnswer['modules'][number]
export type PlannedModule = Omit<AnsweredModule, 'lessons' | 'difficulty'> & {
  difficulty: AnsweredModule['difficulty'] | null
  lessons: PlannedLesson[]
}

/**
 * The modules of the answers, with every concept in one place: an id is used where it is named first, unknown ones are passed over, and what
 * then teaches nothing is left out. A concept that the plan forgot joins one of the same title, or else stands next to its neighbour in its
 * material; what has none becomes a module of its material.
 */
export function arrange(
  groups: readonly { group: PlanGroup; answer: PlanAnswer }[],
  materials: readonly SourceMaterial[],
): PlannedModule[] {
  const places = createPlaces()
  const modules = groups.flatMap(({ group, answer }) => {
    const byId = new Map(group.concepts.map((concept) => [concept.id, concept]))
    return answer.modules.flatMap((module): PlannedModule[] => {
      const lessons = module.lessons
        .map(({ title, concepts }) => {
          const named = concepts.map(({ ids }) => ids.map((id) => byId.get(id)).filter((one) => one !== undefined))
          return places.lesson(title, named)
        })
        .filter((lesson) => lesson !== undefined)
      return lessons.length > 0 ? [{ ...module, lessons }] : []
    })
  })
  const all = groups.flatMap(({ group }) => group.concepts)
  const left = [...Map.groupBy(all, ({ materialId }) => materialId).values()].flatMap(places.joinForgotten)
  return [...unite(modules), ...leftModules(left, materials)]
}

type Place = { lesson: PlannedLesson; concept: CourseConcept }

function createPlaces() {
  const placed = new Map<FoundConcept, Place>()
  const byTitle = new Map<string, Place>()
  let lessons = 0

  function put(lesson: PlannedLesson, found: FoundConcept, at = lesson.concepts.length): void {
    const place = { lesson, concept: [found] }
    lesson.concepts.splice(at, 0, place.concept)
    remember(found, place)
  }
  /** False when it is one of too many that are the same. */
  function join(place: Place | undefined, found: FoundConcept): boolean {
    if (!place || place.concept.length >= MOST.united) return false
    place.concept.push(found)
    remember(found, place)
    return true
  }
  function remember(found: FoundConcept, place: Place): void {
    placed.set(found, place)
    if (!byTitle.has(titleKey(found.title))) byTitle.set(titleKey(found.title), place)
  }
  const isFull = ({ concepts }: PlannedLesson) => concepts.length >= MOST.conceptsOfLesson

  return {
    lesson(title: string, concepts: readonly CourseConcept[]): PlannedLesson | undefined {
      if (lessons >= MOST.lessons) return undefined
      const lesson: PlannedLesson = { title, concepts: [] }
      for (const same of concepts) {
        let first: FoundConcept | undefined
        for (const found of same) {
          if (placed.has(found)) continue
          const titled = byTitle.get(titleKey(found.title))
          const place = first ? placed.get(first) : titled?.lesson === lesson ? titled : undefined
          if (!join(place, found) && !isFull(lesson)) put(lesson, found)
          if (placed.has(found)) first ??= found
        }
      }
      if (lesson.concepts.length === 0) return undefined
      lessons += 1
      return lesson
    },

    /** Those of one material, in its order; returns what has no neighbour, or one in a lesson that is full. */
    joinForgotten(own: readonly FoundConcept[]): FoundConcept[] {
      const left: FoundConcept[] = []
      let before: Place | undefined
      const first = own.map((found) => placed.get(found)).find((place) => place !== undefined)
      for (const found of own) {
        const place = placed.get(found)
        if (place) before = place
        else if (join(byTitle.get(titleKey(found.title)), found)) continue
        else {
          const near = before ?? first
          if (!near || isFull(near.lesson)) {
            left.push(found)
            continue
          }
          put(near.lesson, found, near.lesson.concepts.indexOf(near.concept) + (before ? 1 : 0))
          if (before) before = placed.get(found)
        }
      }
      return left
    },
  }
}

/** Modules of the same title, of two groups, are one; those after the last that a course may have give their lessons to that. */
function unite(modules: PlannedModule[]): PlannedModule[] {
  const united: PlannedModule[] = []
  for (const module of modules) {
    const same = united.find(({ title }) => titleKey(title) === titleKey(module.title))
    const into = same ?? (united.length >= MOST.modules ? united.at(-1) : undefined)
    if (into) into.lessons.push(...module.lessons)
    else united.push({ ...module })
  }
  return united
}

/** A module for each material of which there is something left, as far as there may be more. */
function leftModules(left: readonly FoundConcept[], materials: readonly SourceMaterial[]): PlannedModule[] {
  const unsaid = { description: '', learning_goal: '', expected_knowledge: [], expected_skills: [], difficulty: null }
  return [...Map.groupBy(left, ({ materialId }) => materialId)].slice(0, MOST.leftModules).map(([id, concepts]) => {
    const material = materials.find((one) => one.id === id)
    const title = material ? materialTitle(material) : ''
    const size = MOST.conceptsOfLeftLesson
    const lessons = Array.from({ length: Math.ceil(concepts.length / size) }, (_, at) => ({
      title,
      concepts: concepts.slice(at * size, (at + 1) * size).map((found) => [found]),
    }))
    return { title, ...unsaid, lessons }
  })
}
