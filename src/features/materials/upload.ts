import { courseNotFound, requireCourse } from '#features/courses/index.ts'
import type { Caller } from '#kernel/caller.ts'
import { Failure, invalid } from '#kernel/failure.ts'
import { brokenConstraint, type Database, type TenantTx } from '#platform/db/database.ts'
import type { Settle } from '#platform/db/settle.ts'
import { newId } from '#platform/ids/index.ts'
import type { Log } from '#platform/log/index.ts'
import type { ObjectStore } from '#platform/objects/index.ts'
import type { Queue } from '#platform/queue/index.ts'
import { refuseUrl } from '#platform/web/index.ts'
import { materialExternalIdTaken, materialUnsupportedType, replacedUnknown, urlRefused } from './failures.ts'
import { extensionOf, isUploadable, type SourceType } from './formats.ts'
import { ingestMaterial } from './jobs.ts'
import { type ArrivingFile, createKeeper } from './keep.ts'
import type { Material, NewMaterial } from './store.ts'
import * as store from './store.ts'

type Common = { sourceType: SourceType; externalId: string | null; replaces: string | null }

export type UrlSource = Common & { sourceUrl: string }

/** What is said about a file. In a form the fields may come after the file, so all of it may be unknown at first. */
export type FileFields = { sourceType?: SourceType; externalId?: string; replaces?: string }

export type FileSource = ArrivingFile & {
  filename: string
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
  const keeper = createKeeper({ objects, log, maxBytes })

  async function addUrl(
    { tenantId }: Caller,
    courseId: string,
    { sourceType, sourceUrl, externalId, replaces }: UrlSource,
    settle: Settle<Material>,
  ): Promise<Material> {
    const wrong = refuseUrl(sourceUrl)
    if (wrong !== null) throw urlRefused(wrong)
    const file = { filename: null, contentType: null, sizeBytes: null, sha256: null, objectKey: null }
    const material = { id: newId(), courseId, sourceType, sourceUrl, externalId, replacesId: replaces, ...file }
    return db.forTenant(tenantId, (tx) => insert(tx, tenantId, material, settle))
  }

  async function addFile(
    { tenantId }: Caller,
    courseId: string,
    source: FileSource,
    settle: Settle<Material>,
  ): Promise<Material> {
    const { filename, contentType, early } = source
    refuseType(filename, early.sourceType)
    await db.forTenant(tenantId, (tx) => requirePlace(tx, courseId, early))
    const id = newId()
    const objectKey = `${tenantId}/${courseId}/${id}`
    const { size: sizeBytes, sha256 } = await keeper.keep(objectKey, source)
    try {
      const { sourceType, externalId = null, replaces = null } = await source.fields()
      if (sourceType === undefined) throw invalid('source_type', 'is required')
      refuseType(filename, sourceType)
      const file = { filename, contentType, sizeBytes, sha256, objectKey, sourceUrl: null }
      const material = { id, courseId, sourceType, externalId, replacesId: replaces, ...file }
      return await db.forTenant(tenantId, (tx) => insert(tx, tenantId, material, settle))
    } catch (error) {
      const landed = isOutage(error) ? await look(tenantId, id) : 'absent'
      if (landed === 'absent') await keeper.drop(objectKey)
      if (typeof landed === 'object') return landed
      throw error
    }
  }

  // A commit whose answer was lost may have happened: then its bytes are needed, and the material is accepted.
  async function look(tenantId: string, id: string): Promise<Material | 'absent' | 'unknown'> {
    try {
      return (await db.forTenant(tenantId, (tx) => store.findMaterial(tx, id))) ?? 'absent'
    } catch (error) {
      log.warn({ err: error, material_id: id }, 'it is not known whether a material was accepted; its bytes stay')
      return 'unknown'
    }
  }

  async function insert(
    tx: TenantTx,
    tenantId: string,
    material: NewMaterial,
    settle: Settle<Material>,
  ): Promise<Material> {
    const { id, courseId, externalId, replacesId: replaces } = material
    await requirePlace(tx, courseId, { externalId, replaces })
    const inserted = await store.insertMaterial(tx, tenantId, material).catch((error: unknown) => {
      throw OVERTAKEN[brokenConstraint(error) ?? '']?.() ?? error
    })
    await settle(tx, inserted)
    await queue.add(tx, ingestMaterial, { tenantId, courseId, payload: { materialId: id }, dedupeKey: `ingest ${id}` })
    return inserted
  }

  return { addUrl, addFile, digest: keeper.digest }
}

/** What somebody else may do between our look and our insert. */
const OVERTAKEN: Record<string, () => Failure> = {
  materials_tenant_id_external_id_key: materialExternalIdTaken,
  materials_tenant_id_course_id_fkey: courseNotFound,
  materials_tenant_id_course_id_replaces_id_fkey: replacedUnknown,
}

function refuseType(filename: string, sourceType: SourceType | undefined) {
  if (!isUploadable(filename, sourceType)) throw materialUnsupportedType(extensionOf(filename))
}

const isOutage = (error: unknown) => error instanceof Failure && error.kind === 'unavailable'

/** What can be known of a material's place without its bytes. */
async function requirePlace(
  tx: TenantTx,
  courseId: string,
  { externalId, replaces }: { externalId?: string | null; replaces?: string | null },
) {
  await requireCourse(tx, courseId)
  if (replaces && (await store.findMaterial(tx, replaces))?.courseId !== courseId) throw replacedUnknown()
  if (externalId && (await store.isExternalIdTaken(tx, externalId))) throw materialExternalIdTaken()
}
