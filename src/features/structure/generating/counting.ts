import { unavailable } from '#kernel/failure.ts'
import { createTurns } from '#platform/turns/index.ts'
import type { Brief, ExpectedCall, Windows } from '../architect/port.ts'
import { estimatesBusy } from '../failures.ts'
import type { CountCalls } from './background-estimate.ts'

export type CountOrder = {
  tenantId: string
  /** What to count, each under a name that is another one whenever the count may be. */
  wanted: ReadonlyMap<string, Windows>
  /** Called only when it is this order's turn: a course may be large. */
  readBrief(): Promise<Brief>
}

type Counts = ReadonlyMap<string, ExpectedCall[]>

/** Courses held in memory at once. */
const AT_ONCE = 2
/** Further orders of one tenant that may wait. */
const MOST_WAITING = 4
const LONGEST_WAIT = 15_000
const KEPT = 64

/**
 * Counts calls, one order of a tenant at a time, so that nobody's courses stand in another's way. Equal orders are one, and what was counted
 * is kept for a while. Throws the Failures `structure.estimates_busy` and `service.unavailable`.
 */
export function createCounting(countCalls: CountCalls): (order: CountOrder) => Promise<Counts> {
  const turns = createTurns({ total: AT_ONCE, perKey: 1 })
  const underWay = new Map<string, Promise<Counts>>()
  const orders = new Map<string, number>()
  const kept = new Map<string, ExpectedCall[]>()

  return async (order) => {
    const known = keptOf(order)
    if (known !== undefined) return known
    const same = JSON.stringify([order.tenantId, [...order.wanted.keys()]])
    const counting = underWay.get(same) ?? inTurn(order).finally(() => underWay.delete(same))
    underWay.set(same, counting)
    return counting
  }

  async function inTurn(order: CountOrder): Promise<Counts> {
    const { tenantId } = order
    const before = orders.get(tenantId) ?? 0
    if (before > MOST_WAITING) throw estimatesBusy()
    orders.set(tenantId, before + 1)
    try {
      const release = await turns.acquire(tenantId, AbortSignal.timeout(LONGEST_WAIT)).catch((error) => {
        throw unavailable(error)
      })
      try {
        // Another order may have asked for the same meanwhile.
        return keptOf(order) ?? (await count(order))
      } finally {
        release()
      }
    } finally {
      const left = (orders.get(tenantId) ?? 1) - 1
      if (left === 0) orders.delete(tenantId)
      else orders.set(tenantId, left)
    }
  }

  async function count({ wanted, readBrief }: CountOrder): Promise<Counts> {
    const counted = await countCalls(await readBrief(), [...wanted.values()])
    const counts = new Map([...wanted.keys()].map((name, at) => [name, counted[at] ?? []]))
    keep(counts)
    return counts
  }

  function keptOf({ wanted }: CountOrder): Counts | undefined {
    const counts = new Map([...wanted.keys()].flatMap((name) => entryOf(name, kept.get(name))))
    if (counts.size < wanted.size) return undefined
    keep(counts)
    return counts
  }

  /** What was asked for last is forgotten last. */
  function keep(counts: Counts) {
    for (const [name, calls] of counts) {
      kept.delete(name)
      kept.set(name, calls)
    }
    for (const name of [...kept.keys()].slice(0, Math.max(0, kept.size - KEPT))) kept.delete(name)
  }
}

const entryOf = <T>(name: string, value: T | undefined): [string, T][] => (value === undefined ? [] : [[name, value]])
