export { inOrder } from './in-order.ts'

/** Gives back a turn. Harmless when called twice. */
export type Release = () => void

export type Turns = {
  /** Resolves when it is this key's turn. A waiter whose signal aborts leaves the queue and rejects with the signal's reason. */
  acquire(key: string, signal: AbortSignal): Promise<Release>
  /** A turn, if there is one now; nobody waits. */
  tryAcquire(key: string): Release | undefined
}

type Options = {
  /** Turns held at once by all together. */
  total?: number
  /** Turns held at once by one key. */
  perKey: number
}

type Waiter = { key: string; start(): void }

/**
 * A queue for something scarce, in which no key can take it all: first come, first served among those whose key holds less than its share.
 * Its memory is what holds and waits; whoever waits has to bring a deadline.
 */
export function createTurns({ total = Number.POSITIVE_INFINITY, perKey }: Options): Turns {
  const waiting = new Set<Waiter>()
  const held = new Map<string, number>()
  let taken = 0

  const mayStart = (key: string) => taken < total && (held.get(key) ?? 0) < perKey

  function take(key: string): Release {
    taken += 1
    held.set(key, (held.get(key) ?? 0) + 1)
    let isHeld = true
    return () => {
      if (!isHeld) return
      isHeld = false
      taken -= 1
      const left = (held.get(key) ?? 1) - 1
      if (left === 0) held.delete(key)
      else held.set(key, left)
      startNext()
    }
  }

  function startNext() {
    for (const waiter of waiting) {
      if (taken >= total) return
      if (mayStart(waiter.key)) return waiter.start()
    }
  }

  return {
    tryAcquire: (key) => (mayStart(key) ? take(key) : undefined),
    acquire: (key, signal) =>
      new Promise((resolve, reject) => {
        if (signal.aborted) return reject(signal.reason)
        if (mayStart(key)) return resolve(take(key))
        const leave = () => {
          waiting.delete(waiter)
          signal.removeEventListener('abort', onAbort)
        }
        const onAbort = () => {
          leave()
          reject(signal.reason)
        }
        const waiter: Waiter = {
          key,
          start() {
            leave()
            resolve(take(key))
          },
        }
        waiting.add(waiter)
        signal.addEventListener('abort', onAbort, { once: true })
      }),
  }
}
