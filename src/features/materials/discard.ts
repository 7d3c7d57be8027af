import type { Database } from '#platform/db/database.ts'
import type { ObjectStore } from '#platform/objects/index.ts'
import * as store from './store.ts'

type Deps = { db: Pick<Database, 'asOperator'>; objects: Pick<ObjectStore, 'delete'> }

const BATCH = 500

/**
 * Deletes the objects whose rows are gone, a batch at a time, until none is left, one fails or `signal` is aborted. The list is
 * written by a trigger in the transaction that deletes the rows, so a crash at any moment leaves work, never garbage. One that fails
 * goes to the end of the list, where it holds nobody up. Returns how many went.
 */
export async function emptyDiscarded({ db, objects }: Deps, signal?: AbortSignal): Promise<number> {
  for (let count = 0; ; ) {
    const keys = await db.asOperator('list discarded objects', (tx) => store.discardedObjects(tx, BATCH))
    for (const key of keys) {
      if (signal?.aborted) return count
      await objects.delete(key).catch(async (error: unknown) => {
        await db.asOperator('postpone discarded object', (tx) => store.postponeDiscarded(tx, key))
        throw error
      })
      await db.asOperator('forget discarded object', (tx) => store.forgetDiscarded(tx, key))
      count += 1
    }
    if (keys.length < BATCH) return count
  }
}
