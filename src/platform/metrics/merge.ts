import type { Family, Sample } from './exposition.ts'

/** What several processes count, as if they were one. */
export function mergeFamilies(snapshots: readonly (readonly Family[])[]): Family[] {
  const merged = new Map<string, { family: Family; samples: Map<string, Sample> }>()
  for (const family of snapshots.flat()) {
    const one = merged.get(family.name) ?? { family, samples: new Map<string, Sample>() }
    merged.set(family.name, one)
    for (const sample of family.samples) {
      const key = JSON.stringify([sample.suffix, Object.entries(sample.labels)])
      const known = one.samples.get(key)?.value
      const value = known === undefined ? sample.value : together[family.across](known, sample.value)
      one.samples.set(key, { ...sample, value })
    }
  }
  return [...merged.values()].map(({ family, samples }) => ({ ...family, samples: [...samples.values()] }))
}

const together = { sum: (a: number, b: number) => a + b, max: Math.max }

/** What must not be lost with a process that ended: counters would seem to have been set back. */
export const countersOf = (families: readonly Family[]) => families.filter(({ type }) => type !== 'gauge')
