import type { TenantTx } from '#platform/db/database.ts'
import { quotaExceeded } from './failures.ts'
import { storageOf } from './store.ts'

/**
 * The bytes that are left to the transaction's tenant, `Infinity` without a quota. Throws `quota.exceeded` when so many do not fit. A look
 * and no more: it spares a body that could never be kept, and whoever writes at the same moment is decided about by the database.
 */
export async function requireRoom(tx: TenantTx, bytes: number): Promise<number> {
  const { used, reserved, quota } = await storageOf(tx)
  const left = quota === null ? Number.POSITIVE_INFINITY : Math.max(0, quota - used - reserved)
  if (bytes > left) throw quotaExceeded()
  return left
}
