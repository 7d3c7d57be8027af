import type { Log } from '#platform/log/index.ts'
import type { ObjectStore } from '#platform/objects/index.ts'
import { createMarkers, ForeignStorage } from './installation.ts'

type Deps = Parameters<typeof createMarkers>[0] & { objects: ObjectStore; log: Pick<Log, 'warn'> }

/** Milliseconds for which a start, or the first bytes after one, wait for the storage to say whose it is. */
const DEADLINE = 5_000

/**
 * Finds out whether the storage is this installation's, and makes it so when it is nobody's. Throws `ForeignStorage` when it is
 * another's. When it does not answer in time, that is logged, and whatever would change it asks first. Returns the store to be used.
 */
export async function claimStorage({ db, objects, log }: Deps, deadlineMs = DEADLINE): Promise<ObjectStore> {
  const markers = createMarkers({ db, objects })
  let claimed: Promise<unknown> | undefined
  const claim = async () => {
    claimed ??= markers.claim()
    const asked = claimed
    asked.catch(() => {
      if (claimed === asked) claimed = undefined
    })
    await within(deadlineMs, asked)
  }
  try {
    await claim()
  } catch (error) {
    if (error instanceof ForeignStorage) throw error
    log.warn({ err: error }, 'the object storage does not say whose it is; it is asked again before anything is stored')
  }
  return guarded(objects, claim)
}

/** The store, whose changes wait for `claim`. What only reads does not. */
function guarded(objects: ObjectStore, claim: () => Promise<void>): ObjectStore {
  const { partial, direct } = objects
  const first =
    <A extends unknown[], R>(work: (...args: A) => Promise<R>) =>
    async (...args: A) => {
      await claim()
      return await work(...args)
    }
  return {
    ...objects,
    put: first(objects.put),
    delete: first(objects.delete),
    partial: {
      ...partial,
      begin: first(partial.begin),
      append: first(partial.append),
      complete: first(partial.complete),
      abort: first(partial.abort),
    },
    direct: direct && { ...direct, signParts: first(direct.signParts) },
  }
}

async function within(ms: number, work: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`The object storage has not answered within ${ms / 1_000} s.`)), ms)
  })
  try {
    await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
  }
}
