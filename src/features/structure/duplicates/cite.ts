import { clip } from '../outline/bounds.ts'
import { materialTitle } from '../outline/outline.ts'
import type { ConceptDraft, CourseDraft, Source, SourceMaterial } from '../tree.ts'
import type { Duplicates } from './find.ts'
import { type Unit, unitsOf } from './units.ts'

/** Sources of a concept, those of duplicates included. */
const MOST_SOURCES = 200
const MOST_WEB_REFERENCES = 20
/** Sentences of one source whose duplicates are looked for. */
const MOST_SENTENCES = 500
/** Seconds of silence within one source of speech. */
const BREATH = 3

/** The course in which every concept also cites the places that say the same in other materials; a web page among them is referred to as well. */
export function citeTogether(
  course: CourseDraft,
  materials: readonly SourceMaterial[],
  { pairs }: Duplicates,
): CourseDraft {
  if (pairs.length === 0) return course
  const partnersOf = createPartners(materials, pairs)
  const byId = new Map(materials.map((material) => [material.id, material]))
  const cited = (concept: ConceptDraft): ConceptDraft => {
    const found = concept.sources.flatMap(partnersOf).filter((source) => !concept.sources.some(isIn(source)))
    const unique = new Map(found.map((source) => [JSON.stringify([source.materialId, source.locator]), source]))
    const more = [...unique.values()].slice(0, Math.max(0, MOST_SOURCES - concept.sources.length))
    return more.length === 0 ? concept : withSources(concept, more, byId)
  }
  return {
    ...course,
    modules: course.modules.map((module) => ({
      ...module,
      lessons: module.lessons.map((lesson) => ({ ...lesson, concepts: lesson.concepts.map(cited) })),
    })),
  }
}

/** Finds the places in other materials that say what a source says. */
function createPartners(materials: readonly SourceMaterial[], pairs: Int32Array): (source: Source) => Source[] {
  const units = unitsOf(materials)
  const partners = new Map<Unit, Unit[]>()
  for (let at = 0; at < pairs.length; at += 2) {
    const [unit, partner] = [units[pairs[at] ?? -1], units[pairs[at + 1] ?? -1]]
    if (!unit || !partner) continue
    const known = partners.get(unit)
    if (known) known.push(partner)
    else partners.set(unit, [partner])
  }
  const idOf = ({ material }: Unit) => materials[material]?.id ?? ''
  const placed = Map.groupBy(partners.keys(), (unit) => keyOf({ materialId: idOf(unit), locator: unit.locator }))
  for (const spoken of placed.values()) spoken.sort((a, b) => startOf(a) - startOf(b))

  return (source) => {
    const there = placed.get(keyOf(source)) ?? []
    const own = 'start' in source.locator ? between(there, source.locator) : there
    const others = [...new Set(own.flatMap((unit) => partners.get(unit) ?? []))]
    return [...Map.groupBy(others, idOf)].flatMap(([materialId, same]) =>
      joined(same).map((locator): Source => ({ materialId, locator })),
    )
  }
}

/** Speech is found by its seconds, everything else by its place. */
function keyOf({ materialId, locator }: Source): string {
  return JSON.stringify([materialId, 'start' in locator ? 'speech' : locator])
}

/** Sentences that begin and end within these seconds, of some that are in order. */
function between(spoken: readonly Unit[], { start, end }: { start: number; end: number }): Unit[] {
  let [low, high] = [0, spoken.length]
  while (low < high) {
    const middle = (low + high) >> 1
    const unit = spoken[middle]
    if (unit && startOf(unit) < start) low = middle + 1
    else high = middle
  }
  return spoken.slice(low, low + MOST_SENTENCES).filter(({ locator }) => 'start' in locator && locator.end <= end)
}

const startOf = ({ locator }: Unit) => ('start' in locator ? locator.start : 0)

/** Their places; sentences that follow each other are one. */
function joined(units: readonly Unit[]): Source['locator'][] {
  const found: Source['locator'][] = []
  for (const { locator } of units.toSorted((a, b) => startOf(a) - startOf(b))) {
    const last = found.at(-1)
    const isNext = last && 'start' in last && 'start' in locator && locator.start - last.end <= BREATH
    if (isNext) found[found.length - 1] = { start: last.start, end: Math.max(last.end, locator.end) }
    else found.push(locator)
  }
  return found
}

const isIn = (source: Source) => (cited: Source) => {
  if (source.materialId !== cited.materialId) return false
  const [inner, outer] = [source.locator, cited.locator]
  if ('start' in inner && 'start' in outer) return outer.start <= inner.start && inner.end <= outer.end
  return JSON.stringify(inner) === JSON.stringify(outer)
}

function withSources(
  concept: ConceptDraft,
  more: Source[],
  materials: ReadonlyMap<string, SourceMaterial>,
): ConceptDraft {
  const pages = [...new Set(more.map(({ materialId }) => materials.get(materialId)))].filter(
    (page) => page !== undefined,
  )
  const references = pages
    .filter(({ sourceType, name }) => sourceType === 'web' && /^https?:/iu.test(name) && URL.canParse(name))
    .filter(({ name }) => !concept.webReferences.some(({ url }) => url === name))
    .map((page) => {
      const description = clip(page.chunks.find(({ kind }) => kind === 'paragraph')?.text ?? '', 300)
      return { url: page.name, title: materialTitle(page), description }
    })
  return {
    ...concept,
    sources: [...concept.sources, ...more],
    webReferences: [...concept.webReferences, ...references].slice(0, MOST_WEB_REFERENCES),
  }
}
