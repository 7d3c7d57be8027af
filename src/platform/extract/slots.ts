/** Gives back a slot. Harmless when called twice. */
export type Release = () => void

/** A fair queue for `count` slots: first come, first served. A waiter whose signal aborts leaves the queue and rejects. */
export function createSlots(count: number) {
  const waiting = new Set<() => void>()
  let free = count

  function take(): Release {
    free -= 1
    let held = true
    return () => {
      if (!held) return
      held = false
      free += 1
      const [next] = waiting
      next?.()
    }
  }

  return {
    acquire(signal: AbortSignal): Promise<Release> {
      return new Promise((resolve, reject) => {
        if (signal.aborted) return reject(signal.reason)
        if (free > 0 && waiting.size === 0) return resolve(take())
        const turn = () => {
          leave()
          resolve(take())
        }
        const leave = () => {
          waiting.delete(turn)
          signal.removeEventListener('abort', abort)
        }
        const abort = () => {
          leave()
          reject(signal.reason)
        }
        waiting.add(turn)
        signal.addEventListener('abort', abort, { once: true })
      })
    },
  }
}
