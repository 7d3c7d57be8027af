import {
  extensionOf,
  findMaterial,
  isUploadable,
  materialTooLarge,
  materialUnsupportedType,
  requireFileName,
  requirePlace,
} from '#features/materials/index.ts'
import { deleteUpload, insertUpload, saveProgress, whyGone } from '#features/storage/index.ts'
import type { Caller } from '#kernel/caller.ts'
import type { Database } from '#platform/db/database.ts'
import type { Settle } from '#platform/db/settle.ts'
import { newId } from '#platform/ids/index.ts'
import type { Log } from '#platform/log/index.ts'
import type { ObjectStore } from '#platform/objects/index.ts'
import type { Queue } from '#platform/queue/index.ts'
import { uploadFinished } from '../failures.ts'
import { type BegunUpload, requireUpload } from './begun-upload.ts'
import { asOutage, createCompletion } from './complete.ts'
import { directNotAvailable, tooManyOpen } from './failures.ts'
import { missingOf, type PlannedPart, planParts } from './parts.ts'
import { countOpen } from './store.ts'

export type DirectOrder = {
  sourceType: 'video' | 'presentation' | 'text'
  filename: string
  contentType: string
  sizeBytes: number
  /** Lower-case hex. */
  sha256: string | null
  externalId: string | null
  replaces: string | null
}

/** A part that is still to come, and the request that brings it. */
export type OpenPart = PlannedPart & { url: string; headers: Record<string, string> }

export type DirectUpload = { id: string; courseId: string; expiresAt: Date; partBytes: number; parts: OpenPart[] }

type Deps = {
  db: Pick<Database, 'forTenant'>
  objects: Pick<ObjectStore, 'head' | 'partial' | 'direct'>
  queue: Pick<Queue, 'add'>
  log: Log
  maxBytes: number
}

const LIFETIME = 24 * 3_600_000

/** Unfinished ones that a tenant may have; their bytes are bounded by its quota. */
const MAX_OPEN = 100

/**
 * Uploads whose bytes go from the client to the bucket and never through us. What is signed is good for as long as the upload: a day.
 * Without a bucket everything here is the Failure `direct.not_available`.
 */
export function createDirectUploads({ db, objects, queue, log, maxBytes }: Deps) {
  const { complete, isWhole } = createCompletion({ db, objects, queue })

  async function begin(
    { tenantId }: Caller,
    courseId: string,
    order: DirectOrder,
    settle: Settle<DirectUpload>,
  ): Promise<DirectUpload> {
    requireBucket()
    refuseFile(order)
    const id = newId()
    const objectKey = `${tenantId}/${courseId}/${id}`
    const expiresAt = new Date(Date.now() + LIFETIME)
    const { replaces, ...file } = order
    const row = { ...file, id, tenantId, courseId, kind: 'direct' as const, replacesId: replaces, objectKey, expiresAt }
    await db.forTenant(tenantId, async (tx) => {
      await requirePlace(tx, courseId, order)
      await insertUpload(tx, { ...row, partial: null, reservedBytes: order.sizeBytes })
      // The reservation has locked the tenant's account: nobody inserts between this count and our commit.
      if ((await countOpen(tx)) > MAX_OPEN) throw tooManyOpen(MAX_OPEN)
    })
    const begun = await open({ ...row, finishedAt: null }).catch(async (error: unknown) => {
      await drop(tenantId, id)
      throw error
    })
    // When this fails it may have been committed none the less: what nobody was told of is left to expire.
    await db.forTenant(tenantId, async (tx) => {
      if (!(await saveProgress(tx, { id, writer: 0 }, { partial: begun.partial, expiresAt })))
        throw await whyGone(tx, courseId)
      await settle(tx, begun.upload)
    })
    return begun.upload
  }

  async function open(row: Omit<BegunUpload, 'partial'>) {
    const { id, courseId, objectKey, expiresAt, sizeBytes: size, contentType } = row
    const options = { size, ...(contentType === null ? {} : { contentType }) }
    const partial = await objects.partial.begin(objectKey, options).catch(asOutage)
    const parts = await sign({ ...row, partial }, planParts(size, partial.partBytes))
    return { partial, upload: { id, courseId, expiresAt, partBytes: partial.partBytes, parts } }
  }

  /** What is still to come, signed anew. */
  async function show({ tenantId }: Caller, courseId: string, id: string): Promise<DirectUpload> {
    const direct = requireBucket()
    const upload = await db.forTenant(tenantId, (tx) => requireUpload(tx, courseId, id))
    const { objectKey, partial, sizeBytes, expiresAt } = upload
    const about = { id, courseId, expiresAt, partBytes: partial.partBytes }
    if (upload.finishedAt !== null || (await isWhole(upload))) return { ...about, parts: [] }
    const present = await direct.listParts(objectKey, partial).catch(asOutage)
    const missing = missingOf(planParts(sizeBytes, partial.partBytes), present)
    return { ...about, parts: await sign(upload, missing) }
  }

  /** What is in the bucket already goes with the list of discarded objects, which the database writes. */
  async function cancel({ tenantId }: Caller, courseId: string, id: string): Promise<void> {
    requireBucket()
    await db.forTenant(tenantId, async (tx) => {
      const { finishedAt } = await requireUpload(tx, courseId, id)
      await deleteUpload(tx, id)
      // Or while we waited for it: then nothing was deleted.
      if (finishedAt !== null || (await findMaterial(tx, id))) throw uploadFinished()
    })
  }

  async function sign({ objectKey, partial, sizeBytes, expiresAt }: SignedUpload, wanted: PlannedPart[]) {
    if (wanted.length === 0) return []
    const seconds = Math.max(1, Math.floor((expiresAt.getTime() - Date.now()) / 1_000))
    const signed = await requireBucket().signParts(objectKey, partial, { size: sizeBytes, seconds }).catch(asOutage)
    return wanted.flatMap(({ number, size }) => {
      const request = signed[number - 1]
      return request === undefined ? [] : [{ number, size, ...request }]
    })
  }

  function requireBucket() {
    if (objects.direct === undefined) throw directNotAvailable()
    return objects.direct
  }

  function refuseFile({ sizeBytes, filename, sourceType }: DirectOrder) {
    if (sizeBytes > maxBytes) throw materialTooLarge(maxBytes)
    if (!isUploadable(filename, sourceType)) throw materialUnsupportedType(extensionOf(filename), sourceType)
    requireFileName(filename)
  }

  // What the database cannot drop now expires.
  const drop = (tenantId: string, id: string) =>
    db
      .forTenant(tenantId, (tx) => deleteUpload(tx, id))
      .catch((error: unknown) =>
        log.warn({ err: error, upload_id: id }, 'an upload that failed to begin is left to expire'),
      )

  return {
    begin,
    show,
    cancel,
    complete: async ({ tenantId }: Caller, courseId: string, id: string, settle: Parameters<typeof complete>[2]) => {
      const direct = requireBucket()
      const upload = await db.forTenant(tenantId, (tx) => requireUpload(tx, courseId, id))
      return complete({ tenantId, direct }, upload, settle)
    },
  }
}

type SignedUpload = Pick<BegunUpload, 'objectKey' | 'partial' | 'sizeBytes' | 'expiresAt'>
