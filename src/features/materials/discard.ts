import type { Database } from '#platform/db/database.ts'
import type { ObjectStore } from '#platform/objects/index.ts'
import * as store from './discard-store.ts'

type Deps = { db: Pick<Database, 'asOperator'>; objects: Pick<ObjectStore, 'delete' | 'partial'> }

const BATCH = 500

/**
 * Deletes the objects whose rows are gone, a batch at a time, until none is left, one fails or `signal` is aborted. The list is
 * written by a trigger in the transaction that deletes the rows, so a crash at any moment leaves work, never garbage. One that fails
 * goes to the end of the list, where it holds nobody up. Returns how many went.
 */
export async function emptyDiscarded({ db, objects }: Deps, signal?: AbortSignal): Promise<number> {
  for (let count = 0; ; ) {
    const batch = await db.asOperator('list discarded objects', (tx) => store.discardedObjects(tx, BATCH))
    for (const discarded of batch) {
      if (signal?.aborted) return count
      await remove(objects, discarded).catch(async (error: unknown) => {
        await db.asOperator('postpone discarded object', (tx) => store.postponeDiscarded(tx, discarded))
        throw error
      })
      await db.asOperator('forget discarded object', (tx) => store.forgetDiscarded(tx, discarded.key))
      count += 1
    }
    if (batch.length < BATCH) return count
  }
}

// What is unfinished goes first: completed between the two, it would stay.
async function remove(objects: Deps['objects'], { key, unfinished }: store.Discarded) {
  if (unfinished) await objects.partial.abort(key)
  await objects.delete(key)
}
