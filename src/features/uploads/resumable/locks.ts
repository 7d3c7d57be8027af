import type { Locker } from '@tus/server'
import { unavailable } from '#kernel/failure.ts'

type Hold = { release: () => void; over: Promise<void> }

/** Milliseconds that the end of a request is waited for: it may be making the material. */
const PATIENCE = 30_000

/**
 * One request at a time for each upload of this process; the newest wins, since a client that comes back may have left a connection that
 * looks alive. Across processes the rows' writer numbers do the same. (The library's own locker spins while it waits.)
 */
export function createLocks() {
  const holds = new Map<string, Hold>()

  /** For one request; `release` is called when another wants the upload. */
  return (release: () => void): Locker => ({
    newLock(id) {
      const over = Promise.withResolvers<void>()
      return {
        async lock() {
          const patience = AbortSignal.timeout(PATIENCE)
          for (let hold = holds.get(id); hold !== undefined; hold = holds.get(id)) {
            hold.release()
            await Promise.race([hold.over, refusedBy(patience)])
          }
          holds.set(id, { release, over: over.promise })
        },
        async unlock() {
          holds.delete(id)
          over.resolve()
        },
      }
    },
  })
}

function refusedBy(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(unavailable(signal.reason)), { once: true })
  })
}
