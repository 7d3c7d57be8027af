import type { SlideTime, SourceMaterial } from '../tree.ts'
import { type Counts, count } from './count.ts'
import { type Unit, unitsOf } from './units.ts'

/** Counts up when the same materials would give other duplicates. */
export const DUPLICATES_VERSION = 1

export type Duplicates = {
  /** Positions of units (see `unitsOf`), two by two: the second says what the first says, in another material. */
  pairs: Int32Array
  /** Materials that another one holds, by their ids, with the id of that other. */
  held: ReadonlyMap<string, string>
}

export type Compared = { materials: readonly SourceMaterial[]; slideTimes: readonly SlideTime[] }

/** Of the smaller of two units, how much the other must have, and how many times four words in a row that must be. */
const alike = { share: 0.6, least: 4 }
/** How much of a material another one must have to hold it, and how long it must be for that to mean something. */
const within = { share: 0.9, least: 20 }
/** Of one unit, in one other material. */
const partners = 3

/**
 * Which units of different materials say the same in the same words, and which materials are held by another one of their kind: slides by slides,
 * speech by speech, documents by documents, as each kind gives a course what the others do not have. A material that a slide mapping names is never
 * held: its slides and seconds are what the mapping is about.
 */
export function findDuplicates({ materials, slideTimes }: Compared): Duplicates {
  const units = unitsOf(materials)
  const counts = count(units, materials.length)
  return { pairs: pairsOf(units, counts), held: heldOf(materials, slideTimes, counts) }
}

function pairsOf(units: readonly Unit[], { ofUnit, ofUnits }: Counts): Int32Array {
  const found = new Map<number, { unit: number; common: number }[]>()
  const add = (one: number, unit: number, common: number) => {
    const known = found.get(one)
    if (known) known.push({ unit, common })
    else found.set(one, [{ unit, common }])
  }
  ofUnits.forEach((a, b, common) => {
    const smaller = Math.min(ofUnit[a] ?? 0, ofUnit[b] ?? 0)
    if (common < alike.least || common < smaller * alike.share) return
    add(a, b, common)
    add(b, a, common)
  })
  const pairs: number[] = []
  for (const [unit, others] of [...found].toSorted(([a], [b]) => a - b)) {
    const taken = new Map<number, number>()
    for (const other of others.toSorted((a, b) => b.common - a.common || a.unit - b.unit)) {
      const material = units[other.unit]?.material ?? 0
      const times = taken.get(material) ?? 0
      if (times < partners) pairs.push(unit, other.unit)
      taken.set(material, times + 1)
    }
  }
  return Int32Array.from(pairs)
}

function heldOf(
  materials: readonly SourceMaterial[],
  slideTimes: readonly SlideTime[],
  { ofMaterial, ofMaterials }: Counts,
): Map<string, string> {
  const named = new Set(slideTimes.flatMap(({ presentationId, videoId }) => [presentationId, videoId]))
  const all = materials.map((material, at) => {
    return { at, id: material.id, kind: kindOf(material), isNamed: named.has(material.id), size: ofMaterial[at] ?? 0 }
  })
  const held = new Map<string, string>()
  const kept: typeof all = []
  // The longest of those that are alike is kept; nothing is held by what is held itself.
  for (const one of all.toSorted((a, b) => Number(b.isNamed) - Number(a.isNamed) || b.size - a.size || a.at - b.at)) {
    const holder = kept.find((other) => {
      const common = ofMaterials.of(Math.min(one.at, other.at), Math.max(one.at, other.at))
      return other.kind === one.kind && common >= one.size * within.share
    })
    if (holder && !one.isNamed && one.size >= within.least) held.set(one.id, holder.id)
    else kept.push(one)
  }
  return held
}

function kindOf({ sourceType, chunks: [first] }: SourceMaterial): 'speech' | 'slides' | 'document' {
  if (first && 'start' in first.locator) return 'speech'
  return sourceType === 'presentation' ? 'slides' : 'document'
}
