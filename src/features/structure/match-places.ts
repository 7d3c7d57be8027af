import type { Place, Places } from './places.ts'

/** The id of a place's counterpart in the previous tree, or one that was given. */
export type FoundIds = Map<Place, string>

/**
 * Finds for the places of a course those of its previous version, from the modules down, and adds their ids to `found`.
 * What is in `found` already stays, and its id is used for nothing else.
 */
export function matchPlaces(previous: Places, next: Places, found: FoundIds): void {
  const modules = pairing(previous.modules, next.modules, found)
  modules.pair((place) => [place.title, place.content])
  modules.pair((place) => [place.title])
  modules.pairByTeaching()

  const lessons = pairing(previous.lessons, next.lessons, found)
  lessons.pair((place, parentId) => parentId && [parentId, place.title, place.content])
  lessons.pair((place, parentId) => parentId && [parentId, place.title])
  lessons.pairByTeaching()

  const concepts = pairing(previous.concepts, next.concepts, found)
  const sources = (place: Place) => place.teaches[0]?.sources ?? null
  concepts.pair((place, parentId) => parentId && [parentId, place.title, place.content])
  concepts.pair((place, parentId) => parentId && [parentId, place.title])
  concepts.pair((place) => sources(place) && [sources(place), place.title])
  concepts.pair((place) => sources(place) && [sources(place)], { onlyWhenAsMany: true })

  const exercises = pairing(previous.exercises, next.exercises, found)
  // Two different external ids are two exercises, whatever they say.
  const described = (place: Place, parentId: string | null) => parentId && [parentId, place.title]
  exercises.pair((place, parentId) => parentId && place.externalId && [parentId, place.externalId])
  exercises.pair((place) => place.externalId && [place.externalId])
  exercises.pair((place, parentId) => parentId && !place.externalId && [parentId, place.title, place.content])
  exercises.pair((place, parentId) => !place.externalId && described(place, parentId))
  exercises.pair(described, { either: (place) => !place.externalId })
}

/** What two places must share to be one; null or false when the place cannot be found this way. */
type KeyOf = (place: Place, parentId: string | null) => unknown[] | string | null | false

/** `onlyWhenAsMany`: as many old places as new ones share the key. `either`: must hold for one of the two. */
type Conditions = { onlyWhenAsMany?: boolean; either?: (place: Place) => boolean }

function pairing(previous: Place[], next: Place[], found: FoundIds) {
  const used = new Set(next.map((place) => found.get(place)))
  const oldParent = ({ parent }: Place) => parent?.id ?? null
  const newParent = ({ parent }: Place) => (parent && found.get(parent)) ?? null
  const free = () => previous.filter((place) => place.id !== undefined && !used.has(place.id))
  const unmatched = () => next.filter((place) => !found.has(place))

  function accept(place: Place, old: Place): void {
    if (old.id === undefined || used.has(old.id) || found.has(place)) return
    used.add(old.id)
    found.set(place, old.id)
  }

  function pair(keyOf: KeyOf, { onlyWhenAsMany = false, either }: Conditions = {}): void {
    const group = (places: Place[], parentId: (place: Place) => string | null) =>
      Map.groupBy(places, (place) => {
        const key = keyOf(place, parentId(place))
        return key ? JSON.stringify(key) : null
      })
    const olds = group(free(), oldParent)
    for (const [key, news] of group(unmatched(), newParent)) {
      const candidates = key === null ? [] : [...(olds.get(key) ?? [])]
      if (onlyWhenAsMany && candidates.length !== news.length) continue
      for (const place of news) {
        const at = candidates.findIndex((old) => !either || either(place) || either(old))
        const [old] = at < 0 ? [] : candidates.splice(at, 1)
        if (old) accept(place, old)
      }
    }
  }

  /** Pairs the places of which the new one teaches more than half of what the old one taught; the greatest share of concepts first. */
  function pairByTeaching(): void {
    const taughtBy = teachers(unmatched())
    const likely = free().flatMap((old) => {
      const common = new Map<Place, number>()
      for (const { title, sources } of old.teaches) {
        const places = new Set([
          ...(taughtBy.get(`title ${title}`) ?? []),
          ...(taughtBy.get(`sources ${sources}`) ?? []),
        ])
        for (const place of places) common.set(place, (common.get(place) ?? 0) + 1)
      }
      return [...common]
        .filter(([, count]) => count * 2 > old.teaches.length)
        .map(([place, count]) => ({ place, old, count, sameParent: newParent(place) === oldParent(old) }))
    })
    likely.sort((a, b) => b.count - a.count || Number(b.sameParent) - Number(a.sameParent))
    for (const { place, old } of likely) accept(place, old)
  }

  return { pair, pairByTeaching }
}

/** Something that so many places teach (`Приклад`) does not tell one from another. */
const tooCommon = 100

function teachers(places: Place[]): Map<string, Set<Place>> {
  const taughtBy = new Map<string, Set<Place>>()
  for (const place of places) {
    for (const { title, sources } of place.teaches) {
      for (const key of [`title ${title}`, ...(sources === null ? [] : [`sources ${sources}`])]) {
        const teaching = taughtBy.get(key)
        if (teaching) teaching.add(place)
        else taughtBy.set(key, new Set([place]))
      }
    }
  }
  for (const [key, teaching] of taughtBy) if (teaching.size > tooCommon) taughtBy.delete(key)
  return taughtBy
}
