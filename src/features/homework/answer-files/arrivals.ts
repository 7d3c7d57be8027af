import {
  deleteUpload,
  finishUpload,
  type Hold,
  holdUpload,
  insertUpload,
  leaseEnd,
  requireRoom,
  whyGone,
} from '#features/storage/index.ts'
import type { Database, TenantTx } from '#platform/db/database.ts'
import type { Log } from '#platform/log/index.ts'
import type { ObjectStore } from '#platform/objects/index.ts'
import { hasObject } from './files-store.ts'

/** A file on its way. */
export type Arrival = { id: string; tenantId: string; courseId: string; objectKey: string }

type Deps = { db: Pick<Database, 'forTenant'>; objects: Pick<ObjectStore, 'delete'>; log: Log }

/** The account of answers' files on their way, kept from before their first byte, so that whatever becomes of one, what it leaves is found. */
export function createArrivals({ db, objects, log }: Deps) {
  return {
    /** Notes a file; returns the bytes that it may have. Its size is known at the end, and decided about there. Throws `quota.exceeded`. */
    async open(
      tx: TenantTx,
      arrival: Arrival,
      { filename, contentType }: { filename: string; contentType: string | null },
    ): Promise<number> {
      const left = await requireRoom(tx, 1)
      const unknown = {
        sourceType: null,
        externalId: null,
        replacesId: null,
        sizeBytes: null,
        sha256: null,
        partial: null,
      }
      const about = { filename, contentType, reservedBytes: 0, expiresAt: leaseEnd() }
      await insertUpload(tx, { ...arrival, ...unknown, ...about, kind: 'streamed' })
      return left
    },

    /** Says that the file is still on its way, until it is stopped. */
    hold: (arrival: Arrival): Hold => holdUpload({ db, log }, arrival),

    /** In the transaction that accepts the file. Throws when it is no longer expected. */
    async close(tx: TenantTx, { id, courseId }: Arrival): Promise<void> {
      if (!(await finishUpload(tx, id, new Date()))) throw await whyGone(tx, courseId)
      await deleteUpload(tx, id)
    },

    /** Leaves what was stored to the list of discarded objects. Never rejects: what it cannot do is done when the lease ends. */
    async abandon({ id, tenantId, objectKey }: Arrival): Promise<void> {
      try {
        // A commit whose answer was lost may come to its end while we wait for the row: then the bytes are a submission's.
        const isSettled = await db.forTenant(
          tenantId,
          async (tx) => (await deleteUpload(tx, id)) || (await hasObject(tx, objectKey)),
        )
        // The row went before the bytes were there, and whoever emptied the list may have come too early for them.
        if (!isSettled) await objects.delete(objectKey)
      } catch (error) {
        log.warn({ err: error, object_key: objectKey }, 'what a failed upload left is still there')
      }
    },
  }
}
