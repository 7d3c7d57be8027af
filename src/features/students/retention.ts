import type { Database } from '#platform/db/database.ts'
import { deleteIdleCounters } from './erasure-store.ts'
import * as store from './retention-store.ts'

const BATCH = 500

/**
 * Deletes the submissions that are older than their tenant keeps them, with all that belongs to them, a batch at a time. Ends early when
 * `signal` is aborted. Returns how many went.
 */
export async function deleteOldSubmissions(
  db: Pick<Database, 'forTenant' | 'asOperator'>,
  signal?: AbortSignal,
): Promise<number> {
  let count = 0
  for (const { tenantId, days } of await db.asOperator('read retentions', store.retentions)) {
    for (let deleted = BATCH; deleted === BATCH && signal?.aborted !== true; ) {
      deleted = await db.forTenant(tenantId, async (tx) => {
        const students = await store.deleteOldSubmissions(tx, days, BATCH)
        for (const studentId of [...new Set(students)].sort()) await deleteIdleCounters(tx, studentId)
        return students.length
      })
      count += deleted
    }
  }
  return count
}
