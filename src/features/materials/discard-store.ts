import type { OperatorTx } from '#platform/db/database.ts'

/** An object whose row is gone; `unfinished` when there may be parts, too, that no deletion of the object reaches. */
export type Discarded = { key: string; unfinished: boolean }

/** Oldest first. */
export async function discardedObjects(tx: OperatorTx, limit: number): Promise<Discarded[]> {
  return tx
    .selectFrom('discarded_objects')
    .select(['object_key as key', 'unfinished'])
    .orderBy('discarded_at')
    .limit(limit)
    .execute()
}

export async function forgetDiscarded(tx: OperatorTx, objectKey: string): Promise<void> {
  await tx.deleteFrom('discarded_objects').where('object_key', '=', objectKey).execute()
}

/** Puts it at the end of the list. */
export async function postponeDiscarded(tx: OperatorTx, { key, unfinished }: Discarded): Promise<void> {
  await forgetDiscarded(tx, key)
  await tx.insertInto('discarded_objects').values({ object_key: key, unfinished }).execute()
}
