import type { Family, Sample } from './exposition.ts'

type Labels = Readonly<Record<string, string>>

type Named = { name: string; help: string }

/** A number that only grows, one for each set of labels. */
export type Counter = { add(labels?: Labels, by?: number): void }

export type Histogram = { observe(value: number, labels?: Labels): void }

export type Registry = {
  counter(named: Named): Counter
  /** What `read` returns whenever it is asked: a number, samples, or nothing where it is not known. */
  gauge(named: Named & { across?: Family['across'] }, read: () => number | readonly Sample[] | undefined): void
  /** `bounds` grow; beyond the last there is `+Inf`. */
  histogram(named: Named & { bounds: readonly number[] }): Histogram
  /** Families that have to be asked for. One source that fails leaves the others as they are. */
  collect(read: () => Promise<readonly Family[]>): void
  snapshot(): Promise<Family[]>
}

export function createRegistry(): Registry {
  const sources: (() => readonly Family[] | Promise<readonly Family[]>)[] = []

  return {
    counter(named) {
      const values = new Map<string, { labels: Labels; value: number }>()
      sources.push(() => [{ ...named, type: 'counter', across: 'sum', samples: [...values.values()].map(copy) }])
      return {
        add: (labels = {}, by = 1) => {
          const known = entry(values, labels, () => ({ labels, value: 0 }))
          known.value += by
        },
      }
    },
    gauge({ across = 'sum', ...named }, read) {
      sources.push(() => {
        const found = read()
        const samples = typeof found === 'number' ? [{ labels: {}, value: found }] : (found ?? [])
        return [{ ...named, type: 'gauge', across, samples }]
      })
    },
    histogram({ bounds, ...named }) {
      type Series = { labels: Labels; counts: number[]; sum: number }
      const series = new Map<string, Series>()
      const samplesOf = ({ labels, counts, sum }: Series): Sample[] => {
        let below = 0
        const buckets = [...bounds, Number.POSITIVE_INFINITY].map((bound, at) => {
          below += counts[at] ?? 0
          const le = bound === Number.POSITIVE_INFINITY ? '+Inf' : String(bound)
          return { suffix: '_bucket', labels: { ...labels, le }, value: below }
        })
        return [...buckets, { suffix: '_sum', labels, value: sum }, { suffix: '_count', labels, value: below }]
      }
      sources.push(() => [
        { ...named, type: 'histogram', across: 'sum', samples: [...series.values()].flatMap(samplesOf) },
      ])
      return {
        observe: (value, labels = {}) => {
          const one = entry(series, labels, () => ({ labels, counts: Array(bounds.length + 1).fill(0), sum: 0 }))
          const at = bounds.findIndex((bound) => value <= bound)
          const bucket = at < 0 ? bounds.length : at
          one.counts[bucket] = (one.counts[bucket] ?? 0) + 1
          one.sum += value
        },
      }
    },
    collect: (read) => void sources.push(() => read().catch(() => [])),
    snapshot: async () => (await Promise.all(sources.map((source) => source()))).flat(),
  }
}

const copy = ({ labels, value }: Sample): Sample => ({ labels, value })

function entry<T>(all: Map<string, T>, labels: Labels, make: () => T): T {
  const key = JSON.stringify(Object.entries(labels))
  const known = all.get(key) ?? make()
  all.set(key, known)
  return known
}
