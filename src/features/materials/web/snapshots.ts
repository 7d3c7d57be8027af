import { createHash } from 'node:crypto'
import {
  deleteUpload,
  finishUpload,
  insertUpload,
  leaseEnd,
  type NewUpload,
  quotaExceeded,
  whyGone,
} from '#features/storage/index.ts'
import { unavailable } from '#kernel/failure.ts'
import { brokenConstraint, type Database } from '#platform/db/database.ts'
import { newId } from '#platform/ids/index.ts'
import type { ObjectStore } from '#platform/objects/index.ts'
import type { WebPage } from '#platform/web/index.ts'
import { storageUnavailable } from '../failures.ts'
import { findMaterial, type Material, type Snapshot, saveSnapshot } from '../store.ts'
import { canonicalUrl } from './canonical.ts'

type Deps = { db: Pick<Database, 'forTenant'>; objects: Pick<ObjectStore, 'put' | 'delete'> }

type Order = { tenantId: string; signal: AbortSignal }

/** Keeps what addresses gave, so that a page is read from the same bytes however often it is read. */
export function createSnapshots({ db, objects }: Deps) {
  /**
   * Stores a page as its material's object, under the same account and quota as an upload. Throws `quota.exceeded`, and
   * `service.unavailable` when it could not be kept for a moment, or somebody else has kept one.
   */
  async function keep(material: Pick<Material, 'id' | 'courseId'>, page: WebPage, { tenantId, signal }: Order) {
    const { id, courseId } = material
    // A key of its own: what an attempt that was killed has left is removed by its key, and at any time.
    const uploadId = newId()
    const objectKey = `${tenantId}/${courseId}/${uploadId}`
    const snapshot = snapshotOf(page, objectKey)
    await db.forTenant(tenantId, (tx) => insertUpload(tx, uploadOf({ uploadId, tenantId, courseId, snapshot })))
    try {
      const { contentType, sizeBytes: maxBytes } = snapshot
      await objects.put(objectKey, once(page.body), { maxBytes, contentType, signal }).catch((error: unknown) => {
        throw signal.aborted ? signal.reason : storageUnavailable(error)
      })
      await db.forTenant(tenantId, async (tx) => {
        if (!(await finishUpload(tx, uploadId, new Date()))) throw await whyGone(tx, courseId)
        await deleteUpload(tx, uploadId)
        if (!(await saveSnapshot(tx, id, snapshot).catch(withinQuota))) throw unavailable()
      })
    } catch (error) {
      await abandon({ tenantId, id, uploadId, objectKey })
      throw error
    }
  }

  // Never rejects: what it cannot do is done when the lease ends.
  async function abandon({ tenantId, id, uploadId, objectKey }: Attempt) {
    try {
      // A commit whose answer was lost may have happened: then the bytes are the material's.
      const isSettled = await db.forTenant(
        tenantId,
        async (tx) => (await deleteUpload(tx, uploadId)) || (await findMaterial(tx, id))?.objectKey === objectKey,
      )
      if (!isSettled) await objects.delete(objectKey)
    } catch {}
  }

  return { keep }
}

type Attempt = { tenantId: string; id: string; uploadId: string; objectKey: string }

function snapshotOf(page: WebPage, objectKey: string): Snapshot {
  return {
    objectKey,
    sizeBytes: page.body.length,
    sha256: createHash('sha256').update(page.body).digest('hex'),
    contentType: typeOf(page),
    fetchedUrl: page.url,
    canonicalUrl: canonicalUrl(page),
    fetchedAt: page.fetchedAt,
  }
}

/** The type with the encoding that the server declared; what cannot be the name of one is left out. */
const typeOf = ({ contentType, charset }: WebPage): string =>
  charset !== null && /^[\w.:+-]{1,40}$/.test(charset) ? `${contentType}; charset=${charset}` : contentType

type Place = { uploadId: string; tenantId: string; courseId: string; snapshot: Snapshot }

function uploadOf({ uploadId, tenantId, courseId, snapshot }: Place): NewUpload {
  const { objectKey, contentType, sizeBytes, sha256 } = snapshot
  return {
    ...{ id: uploadId, tenantId, courseId, objectKey, contentType, sizeBytes, sha256, reservedBytes: sizeBytes },
    ...{ sourceType: null, filename: null, externalId: null, replacesId: null, partial: null, expiresAt: leaseEnd() },
    kind: 'streamed',
  }
}

function withinQuota(error: unknown): never {
  throw brokenConstraint(error) === 'storage_quota' ? quotaExceeded() : error
}

async function* once(bytes: Uint8Array) {
  yield bytes
}
