/** Times in the order they came, in a circular buffer. Plain data, because there is one for every key. */
export type TimeRing = { times: Float64Array; head: number; length: number }

const SMALLEST = 4

export function createTimeRing(): TimeRing {
  return { times: new Float64Array(SMALLEST), head: 0, length: 0 }
}

/** The `index`th oldest; `index` must be below `length`. */
export function timeAt({ times, head }: TimeRing, index: number): number {
  return times[(head + index) % times.length] as number
}

export function newest(ring: TimeRing): number {
  return timeAt(ring, ring.length - 1)
}

/**
 * Adds a time, not earlier than the newest. Grows by doubling, no further than `most` times; the caller keeps `length`
 * below it.
 */
export function push(ring: TimeRing, time: number, most: number): void {
  if (ring.length === ring.times.length) resize(ring, Math.min(ring.times.length * 2, most))
  ring.times[(ring.head + ring.length) % ring.times.length] = time
  ring.length += 1
}

export function dropOldest(ring: TimeRing): void {
  ring.head = (ring.head + 1) % ring.times.length
  ring.length -= 1
}

/** Forgets what is earlier than `cutoff`, and gives memory back when three quarters of it are empty. */
export function dropBefore(ring: TimeRing, cutoff: number): void {
  while (ring.length > 0 && timeAt(ring, 0) < cutoff) dropOldest(ring)
  while (ring.times.length > SMALLEST && ring.length <= ring.times.length / 4) {
    resize(ring, Math.max(SMALLEST, Math.floor(ring.times.length / 2)))
  }
}

function resize(ring: TimeRing, capacity: number): void {
  const times = new Float64Array(capacity)
  for (let index = 0; index < ring.length; index += 1) times[index] = timeAt(ring, index)
  ring.times = times
  ring.head = 0
}
