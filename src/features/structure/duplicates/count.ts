import { createCounter } from './counter.ts'
import { shinglesOf } from './shingles.ts'
import { MOST_UNITS, type Unit } from './units.ts'

/** What units and materials have in common, in shingles that their materials do not repeat. */
export type Counts = {
  ofUnit: Uint32Array
  ofMaterial: Uint32Array
  /** Of two, the one that comes first named first. */
  ofUnits: ReturnType<typeof createCounter>
  ofMaterials: ReturnType<typeof createCounter>
}

/** What stands in more units of one material than this is its footer or a phrase, and so is what stands in half of a short one's. */
const repeated = { most: 8, few: 3 }
/** What so many units of the course have says nothing of any two of them. */
const tooCommon = 16
/** Pairs of units that are counted: 24 MiB. More than that are chance, or somebody's trick. */
const MOST_PAIRS = 2 ** 20

export function count(units: readonly Unit[], materials: number): Counts {
  const shingles = shinglesOf(units)
  const materialOf = Uint32Array.from(units, ({ material }) => material)
  const lengths = new Uint32Array(materials)
  for (const material of materialOf) lengths[material] = (lengths[material] ?? 0) + 1
  const counts: Counts = {
    ofUnit: new Uint32Array(units.length),
    ofMaterial: new Uint32Array(materials),
    ofUnits: createCounter(MOST_PAIRS),
    ofMaterials: createCounter(MOST_PAIRS),
  }
  // The units that have one shingle, ascending; nothing is allocated for each of millions.
  const having = new Uint32Array(units.length)
  for (let from = 0, to = 0; from < shingles.length; from = to) {
    const first = Math.floor((shingles[from] ?? 0) / MOST_UNITS) * MOST_UNITS
    let many = 0
    for (to = from; to < shingles.length; to++) {
      const unit = (shingles[to] ?? 0) - first
      if (unit >= MOST_UNITS) break
      if (many === 0 || having[many - 1] !== unit) having[many++] = unit
    }
    countOne(having, many, { materialOf, lengths, counts })
  }
  return counts
}

type Known = { materialOf: Uint32Array; lengths: Uint32Array; counts: Counts }

/** Counts one shingle for the first `many` units of `having`; those of one material stand next to each other. */
function countOne(having: Uint32Array, many: number, { materialOf, lengths, counts }: Known): void {
  let telling = 0
  for (let from = 0, to = 0; from < many; from = to) {
    const material = materialOf[having[from] ?? 0] ?? 0
    while (to < many && materialOf[having[to] ?? 0] === material) to++
    const times = to - from
    if (times > repeated.most || (times >= repeated.few && times * 2 >= (lengths[material] ?? 0))) continue
    counts.ofMaterial[material] = (counts.ofMaterial[material] ?? 0) + 1
    for (let at = from; at < to; at++) {
      const unit = having[at] ?? 0
      counts.ofUnit[unit] = (counts.ofUnit[unit] ?? 0) + 1
      having[telling++] = unit
    }
  }
  if (telling < 2 || telling > tooCommon) return
  for (let one = 0; one < telling; one++) {
    const a = having[one] ?? 0
    for (let other = one + 1; other < telling; other++) {
      const b = having[other] ?? 0
      if (materialOf[a] !== materialOf[b]) counts.ofUnits.add(a, b)
    }
  }
  countMaterials(having, telling, materialOf, counts.ofMaterials)
}

/** Every two materials once, whatever number of their units have it. */
function countMaterials(
  having: Uint32Array,
  many: number,
  materialOf: Uint32Array,
  together: Counts['ofMaterials'],
): void {
  const isFirst = (at: number) => at === 0 || materialOf[having[at - 1] ?? 0] !== materialOf[having[at] ?? 0]
  for (let one = 0; one < many; one++) {
    if (!isFirst(one)) continue
    for (let other = one + 1; other < many; other++) {
      const [a, b] = [materialOf[having[one] ?? 0] ?? 0, materialOf[having[other] ?? 0] ?? 0]
      if (a !== b && isFirst(other)) together.add(a, b)
    }
  }
}
