import { requireCourse } from '#features/courses/index.ts'
import type { Caller } from '#kernel/caller.ts'
import { invalid } from '#kernel/failure.ts'
import { brokenConstraint, type Database, type TenantTx } from '#platform/db/database.ts'
import type { Settle } from '#platform/db/settle.ts'
import { newId } from '#platform/ids/index.ts'
import type { Log } from '#platform/log/index.ts'
import { type ObjectStore, ObjectTooLarge, type StoredObject } from '#platform/objects/index.ts'
import type { Queue } from '#platform/queue/index.ts'
import { refuseUrl } from '#platform/web/index.ts'
import { materialExternalIdTaken, materialTooLarge, materialUnsupportedType, uploadInterrupted } from './failures.ts'
import { extensionOf, isUploadable, type SourceType } from './formats.ts'
import { ingestMaterial } from './jobs.ts'
import type { Material, NewMaterial } from './store.ts'
import * as store from './store.ts'

type Common = { sourceType: SourceType; externalId: string | null; replaces: string | null }

export type UrlSource = Common & { sourceUrl: string }

/** What is said about a file. In a form the fields may come after the file, so all of it may be unknown at first. */
export type FileFields = { sourceType?: SourceType; externalId?: string; replaces?: string }

export type FileSource = {
  filename: string
  contentType: string | null
  /** From the request's declared length, when that is the file's own. */
  declaredSize: number | undefined
  /** SHA-256 that the client says the file has, as hex. */
  declaredSha256: string | undefined
  body: AsyncIterable<Uint8Array>
  early: FileFields
  /** Everything that was said, once the body was read. */
  fields(): Promise<FileFields>
}

type Deps = {
  db: Pick<Database, 'forTenant'>
  objects: Pick<ObjectStore, 'put' | 'delete'>
  queue: Pick<Queue, 'add'>
  log: Log
  maxBytes: number
}

/** Accepts materials: the row and the job that reads it are born in one transaction, after the bytes are safe. */
export function createUploads({ db, objects, queue, log, maxBytes }: Deps) {
  async function addUrl(
    { tenantId }: Caller,
    courseId: string,
    source: UrlSource,
    settle: Settle<Material>,
  ): Promise<Material> {
    const wrong = refuseUrl(source.sourceUrl)
    if (wrong !== null) throw invalid('source_url', wrong, 'material.url_refused')
    return db.forTenant(tenantId, async (tx) => {
      await requirePlace(tx, courseId, source)
      const { sourceType, sourceUrl, externalId, replaces } = source
      const file = { filename: null, contentType: null, sizeBytes: null, sha256: null, objectKey: null }
      return insert(
        tx,
        tenantId,
        { id: newId(), courseId, sourceType, sourceUrl, externalId, replacesId: replaces, ...file },
        settle,
      )
    })
  }

  async function addFile(
    { tenantId }: Caller,
    courseId: string,
    source: FileSource,
    settle: Settle<Material>,
  ): Promise<Material> {
    const { filename, contentType, early } = source
    refuseFile(source, early.sourceType)
    await db.forTenant(tenantId, (tx) => requirePlace(tx, courseId, early))
    const id = newId()
    const objectKey = `${tenantId}/${courseId}/${id}`
    const stored = await keep(objectKey, source)
    try {
      const fields = await source.fields()
      const { sourceType } = fields
      if (sourceType === undefined) throw invalid('source_type', 'is required')
      refuseFile(source, sourceType)
      return await db.forTenant(tenantId, async (tx) => {
        const place = { externalId: fields.externalId ?? null, replaces: fields.replaces ?? null }
        await requirePlace(tx, courseId, place)
        const file = {
          filename,
          contentType,
          sizeBytes: stored.size,
          sha256: stored.sha256,
          objectKey,
          sourceUrl: null,
        }
        return insert(
          tx,
          tenantId,
          { id, courseId, sourceType, externalId: place.externalId, replacesId: place.replaces, ...file },
          settle,
        )
      })
    } catch (error) {
      await objects
        .delete(objectKey)
        .catch((cause: unknown) => log.warn({ err: cause, object_key: objectKey }, 'object left without a row'))
      throw error
    }
  }

  function refuseFile({ filename, declaredSize }: FileSource, sourceType: SourceType | undefined) {
    if (!isUploadable(filename, sourceType)) throw materialUnsupportedType(extensionOf(filename))
    if (declaredSize !== undefined && declaredSize > maxBytes) throw materialTooLarge(maxBytes)
  }

  async function keep(
    key: string,
    { body, contentType, declaredSize, declaredSha256 }: FileSource,
  ): Promise<StoredObject> {
    const stored = await objects
      .put(key, body, { maxBytes, ...(contentType === null ? {} : { contentType }) })
      .catch((error: unknown) => {
        throw error instanceof ObjectTooLarge ? materialTooLarge(maxBytes) : error
      })
    const wrong =
      declaredSha256 !== undefined && declaredSha256 !== stored.sha256
        ? invalid('Repr-Digest', 'is not the SHA-256 of the bytes that came', 'material.digest_mismatch')
        : declaredSize !== undefined && declaredSize !== stored.size
          ? uploadInterrupted()
          : undefined
    if (wrong === undefined) return stored
    await objects.delete(key)
    throw wrong
  }

  async function insert(
    tx: TenantTx,
    tenantId: string,
    material: NewMaterial,
    settle: Settle<Material>,
  ): Promise<Material> {
    const inserted = await store.insertMaterial(tx, tenantId, material).catch((error: unknown) => {
      throw brokenConstraint(error) === 'materials_tenant_id_external_id_key' ? materialExternalIdTaken() : error
    })
    const { id, courseId } = inserted
    await settle(tx, inserted)
    await queue.add(tx, ingestMaterial, { tenantId, courseId, payload: { materialId: id }, dedupeKey: `ingest ${id}` })
    return inserted
  }

  return { addUrl, addFile }
}

/** What can be known of a material's place without its bytes. */
async function requirePlace(
  tx: TenantTx,
  courseId: string,
  { externalId, replaces }: { externalId?: string | null; replaces?: string | null },
) {
  await requireCourse(tx, courseId)
  if (replaces) {
    const replaced = await store.findMaterial(tx, replaces)
    if (replaced?.courseId !== courseId) throw invalid('replaces', 'is not a material of this course')
  }
  if (externalId && (await store.isExternalIdTaken(tx, externalId))) throw materialExternalIdTaken()
}
