import type { Database } from '#platform/db/database.ts'
import * as store from './store.ts'
import { isAcceptedDatabase } from './sweep-store.ts'

const BATCH = 500

/**
 * Drops the uploads that nobody went on with in time, one transaction each; what they left is put on the list of discarded objects.
 * A restored backup may take for unfinished what was finished since: until somebody has looked, it drops nothing. Returns how many.
 */
export async function dropExpiredUploads(
  db: Pick<Database, 'asOperator'>,
  { now = new Date(), signal }: { now?: Date; signal?: AbortSignal } = {},
): Promise<number> {
  if (!(await db.asOperator('ask which database this is', isAcceptedDatabase))) return 0
  for (let count = 0; ; ) {
    const expired = await db.asOperator('list expired uploads', (tx) => store.expiredUploads(tx, now, BATCH))
    for (const id of expired) {
      if (signal?.aborted) return count
      if (await db.asOperator('drop expired upload', (tx) => store.deleteExpiredUpload(tx, id, now))) count += 1
    }
    if (expired.length < BATCH) return count
  }
}
