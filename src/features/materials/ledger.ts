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
import type { FileSource } from './keep.ts'
import { findMaterial } from './store.ts'

/** A file on its way: its id becomes the material's. */
export type Arrival = { id: string; tenantId: string; courseId: string; objectKey: string }

type Deps = { db: Pick<Database, 'forTenant'>; objects: Pick<ObjectStore, 'delete'>; log: Log }

/** The account of files on their way, kept from before their first byte, so that whatever becomes of one, what it leaves is found. */
export function createLedger({ db, objects, log }: Deps) {
  return {
    /**
     * Notes a file and reserves what it declares. Returns the bytes it may have at most; of one that declares nothing it is what is left
     * now, and the end decides. Throws `quota.exceeded`.
     */
    async open(tx: TenantTx, arrival: Arrival, source: FileSource, enter: () => void): Promise<number> {
      const left = await requireRoom(tx, source.declaredSize ?? 0)
      enter()
      await insertUpload(tx, { ...arrival, ...noted(source) })
      return source.declaredSize ?? left
    },

    /** Says that the file is still on its way, until it is stopped. */
    hold: (arrival: Arrival): Hold => holdUpload({ db, log }, arrival),

    /** In the transaction that accepts the file. Throws when it is no longer expected. */
    async close(tx: TenantTx, { id, courseId }: Arrival): Promise<void> {
      if (!(await finishUpload(tx, id, new Date()))) throw await whyGone(tx, courseId)
      // Nobody asks about it any more.
      await deleteUpload(tx, id)
    },

    /** Leaves what was stored to the list of discarded objects. Never rejects: what it cannot do is done when the lease ends. */
    async abandon({ id, tenantId, objectKey }: Arrival): Promise<void> {
      try {
        // A commit whose answer was lost may come to its end while we wait for the row: then the bytes are a material's.
        const isSettled = await db.forTenant(
          tenantId,
          async (tx) => (await deleteUpload(tx, id)) || (await findMaterial(tx, id)) !== undefined,
        )
        // The row went before the bytes were there, and whoever emptied the list may have come too early for them.
        if (!isSettled) await objects.delete(objectKey)
      } catch (error) {
        log.warn({ err: error, object_key: objectKey }, 'what a failed upload left is still there')
      }
    },
  }
}

/** Much of a form is unknown until its end, and then the row is gone. */
function noted({ declaredSize, declaredSha256, filename, contentType, early }: FileSource) {
  const { sourceType, externalId = null, replaces = null } = early
  return {
    kind: 'streamed',
    sourceType: sourceType === undefined || sourceType === 'web' ? null : sourceType,
    filename,
    contentType,
    externalId,
    replacesId: replaces,
    sizeBytes: declaredSize ?? null,
    sha256: declaredSha256 ?? null,
    reservedBytes: declaredSize ?? 0,
    partial: null,
    expiresAt: leaseEnd(),
  } as const
}
