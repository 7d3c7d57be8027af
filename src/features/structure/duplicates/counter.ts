import { MOST_UNITS } from './units.ts'

/** Counts how often pairs of numbers below `MOST_UNITS` come; no more different ones than `most`, which must be a power of two. */
export function createCounter(most: number) {
  let slots = Math.min(most, 1_024) * 2
  let keys = new Float64Array(slots).fill(EMPTY)
  let counts = new Uint32Array(slots)
  let size = 0

  function slotOf(a: number, b: number, key: number): number {
    let slot = (Math.imul(a, 0x9e3779b1) ^ Math.imul(b, 0x85ebca6b)) >>> 0
    for (slot = (slot ^ (slot >>> 15)) & (slots - 1); keys[slot] !== EMPTY && keys[slot] !== key; ) {
      slot = (slot + 1) & (slots - 1)
    }
    return slot
  }

  function grow(): void {
    const [oldKeys, oldCounts] = [keys, counts]
    slots *= 2
    keys = new Float64Array(slots).fill(EMPTY)
    counts = new Uint32Array(slots)
    for (let at = 0; at < oldKeys.length; at++) {
      const key = oldKeys[at] ?? EMPTY
      if (key === EMPTY) continue
      const a = Math.floor(key / MOST_UNITS)
      const slot = slotOf(a, key - a * MOST_UNITS, key)
      keys[slot] = key
      counts[slot] = oldCounts[at] ?? 0
    }
  }

  return {
    add(a: number, b: number): void {
      const key = a * MOST_UNITS + b
      let slot = slotOf(a, b, key)
      if (keys[slot] === EMPTY) {
        if (size >= most) return
        if (size * 2 >= slots) {
          grow()
          slot = slotOf(a, b, key)
        }
        keys[slot] = key
        size += 1
      }
      counts[slot] = (counts[slot] ?? 0) + 1
    },
    of(a: number, b: number): number {
      return counts[slotOf(a, b, a * MOST_UNITS + b)] ?? 0
    },
    /** In no order that means anything, but always in the same. */
    forEach(take: (a: number, b: number, times: number) => void): void {
      for (let at = 0; at < slots; at++) {
        const key = keys[at] ?? EMPTY
        if (key === EMPTY) continue
        const a = Math.floor(key / MOST_UNITS)
        take(a, key - a * MOST_UNITS, counts[at] ?? 0)
      }
    },
  }
}

const EMPTY = -1
