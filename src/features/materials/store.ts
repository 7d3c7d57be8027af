import { sql } from 'kysely'
import type { Chunk } from '#kernel/chunk.ts'
import type { OperatorTx, TenantTx } from '#platform/db/database.ts'
import { deleteChunks, insertChunks } from './chunk-store.ts'
import type { SourceType } from './formats.ts'

export type MaterialStatus = 'pending' | 'processing' | 'done' | 'error'

export type Material = {
  id: string
  courseId: string
  externalId: string | null
  sourceType: SourceType
  sourceUrl: string | null
  filename: string | null
  contentType: string | null
  sizeBytes: number | null
  sha256: string | null
  /** What the client said it would be, where only the worker finds out. */
  declaredSha256: string | null
  objectKey: string | null
  title: string | null
  /** Of a page, once it was fetched: when, where the redirects ended, and what it says its address is. Its bytes are the object. */
  fetchedAt: Date | null
  fetchedUrl: string | null
  canonicalUrl: string | null
  status: MaterialStatus
  errorCode: string | null
  errorMessage: string | null
  replacesId: string | null
  createdAt: Date
  processedAt: Date | null
}

export type NewMaterial = Pick<
  Material,
  | 'id'
  | 'courseId'
  | 'externalId'
  | 'sourceType'
  | 'sourceUrl'
  | 'filename'
  | 'contentType'
  | 'sizeBytes'
  | 'sha256'
  | 'objectKey'
  | 'replacesId'
> & { declaredSha256?: string | null }

const MATERIAL = [
  'id',
  'course_id as courseId',
  'external_id as externalId',
  'source_type as sourceType',
  'source_url as sourceUrl',
  'filename',
  'content_type as contentType',
  'size_bytes as sizeBytes',
  'sha256',
  'declared_sha256 as declaredSha256',
  'object_key as objectKey',
  'title',
  'fetched_at as fetchedAt',
  'fetched_url as fetchedUrl',
  'canonical_url as canonicalUrl',
  'status',
  'error_code as errorCode',
  'error_message as errorMessage',
  'replaces_id as replacesId',
  'created_at as createdAt',
  'processed_at as processedAt',
] as const

type Row = Omit<Material, 'sourceType' | 'status' | 'sizeBytes'> & {
  sourceType: string
  status: string
  sizeBytes: string | null
}

const materialOf = (row: Row): Material => ({
  ...row,
  sourceType: row.sourceType as SourceType,
  status: row.status as MaterialStatus,
  sizeBytes: row.sizeBytes === null ? null : Number(row.sizeBytes),
})

export async function insertMaterial(tx: TenantTx, tenantId: string, material: NewMaterial): Promise<Material> {
  const row = await tx
    .insertInto('materials')
    .values({
      id: material.id,
      tenant_id: tenantId,
      course_id: material.courseId,
      external_id: material.externalId,
      source_type: material.sourceType,
      source_url: material.sourceUrl,
      filename: material.filename,
      content_type: material.contentType,
      size_bytes: material.sizeBytes,
      sha256: material.sha256,
      declared_sha256: material.declaredSha256 ?? null,
      object_key: material.objectKey,
      replaces_id: material.replacesId,
    })
    .returning(MATERIAL)
    .executeTakeFirstOrThrow()
  return materialOf(row)
}

export async function findMaterial(tx: TenantTx, id: string): Promise<Material | undefined> {
  const row = await tx.selectFrom('materials').select(MATERIAL).where('id', '=', id).executeTakeFirst()
  return row && materialOf(row)
}

export async function isExternalIdTaken(tx: TenantTx, externalId: string): Promise<boolean> {
  return (
    (await tx.selectFrom('materials').select('id').where('external_id', '=', externalId).executeTakeFirst()) !==
    undefined
  )
}

export async function listMaterials(
  tx: TenantTx,
  filter: { courseId: string; limit: number; before: string | undefined; externalId: string | undefined },
): Promise<Material[]> {
  const { courseId, limit, before, externalId } = filter
  const rows = await tx
    .selectFrom('materials')
    .select(MATERIAL)
    .where('course_id', '=', courseId)
    .$if(before !== undefined, (query) => query.where('id', '<', before ?? ''))
    .$if(externalId !== undefined, (query) => query.where('external_id', '=', externalId ?? ''))
    .orderBy('id', 'desc')
    .limit(limit)
    .execute()
  return rows.map(materialOf)
}

/** All of a course, in the order in which they were added. */
export async function materialsOf(tx: TenantTx, courseId: string): Promise<Material[]> {
  const rows = await tx
    .selectFrom('materials')
    .select(MATERIAL)
    .where('course_id', '=', courseId)
    .orderBy('id')
    .execute()
  return rows.map(materialOf)
}

export async function deleteMaterial(tx: TenantTx, id: string): Promise<boolean> {
  const { numDeletedRows } = await tx.deleteFrom('materials').where('id', '=', id).executeTakeFirst()
  return numDeletedRows === 1n
}

/** False when the material is not in the status `from`, or gone. */
export async function changeStatus(
  tx: TenantTx,
  id: string,
  from: MaterialStatus[],
  to: 'pending' | 'processing',
): Promise<boolean> {
  const { numUpdatedRows } = await tx
    .updateTable('materials')
    .set({ status: to, error_code: null, error_message: null, processed_at: null })
    .where('id', '=', id)
    .where('status', 'in', from)
    .executeTakeFirst()
  return numUpdatedRows === 1n
}

export async function markFailed(
  tx: TenantTx | OperatorTx,
  id: string,
  error: { code: string; message: string },
): Promise<void> {
  await tx
    .updateTable('materials')
    .set({ status: 'error', error_code: error.code, error_message: error.message, processed_at: sql<Date>`now()` })
    .where('id', '=', id)
    .where('status', '!=', 'done')
    .execute()
}

/** Notes what the stored bytes were found to be. */
export async function saveDigest(tx: TenantTx, id: string, sha256: string): Promise<void> {
  await tx.updateTable('materials').set({ sha256 }).where('id', '=', id).execute()
}

/** What an address gave, stored. */
export type Snapshot = {
  objectKey: string
  sizeBytes: number
  sha256: string
  contentType: string
  fetchedUrl: string
  canonicalUrl: string | null
  fetchedAt: Date
}

/** False when the material is gone, or has its page already. */
export async function saveSnapshot(tx: TenantTx, id: string, snapshot: Snapshot): Promise<boolean> {
  const { numUpdatedRows } = await tx
    .updateTable('materials')
    .set({
      object_key: snapshot.objectKey,
      size_bytes: snapshot.sizeBytes,
      sha256: snapshot.sha256,
      content_type: snapshot.contentType,
      fetched_url: snapshot.fetchedUrl,
      canonical_url: snapshot.canonicalUrl,
      fetched_at: snapshot.fetchedAt,
    })
    .where('id', '=', id)
    .where('object_key', 'is', null)
    .executeTakeFirst()
  return numUpdatedRows === 1n
}

/** The material is done: its chunks, and what it replaces leaves. False when the material is gone. Throws `quota.text_exceeded`. */
export async function markDone(
  tx: TenantTx,
  {
    tenantId,
    material,
    title,
    chunks,
  }: { tenantId: string; material: Material; title: string | null; chunks: Chunk[] },
): Promise<boolean> {
  const replaced = await replacedBy(tx, material)
  if (!(await keep(tx, material, replaced))) return false
  await deleteChunks(tx, material.id)
  // Before the new text comes: theirs makes room for it.
  for (const oldId of replaced) await replace(tx, oldId, material)
  await insertChunks(tx, { tenantId, materialId: material.id, chunks })
  await tx
    .updateTable('materials')
    .set({
      status: 'done',
      title,
      replaces_id: null,
      error_code: null,
      error_message: null,
      processed_at: sql<Date>`now()`,
    })
    .where('id', '=', material.id)
    .execute()
  return true
}

/** What the replaced was itself still to replace goes with it: only the newest stays. */
async function replacedBy(tx: TenantTx, { replacesId }: Material): Promise<string[]> {
  const ids: string[] = []
  for (let oldId = replacesId; oldId !== null && !ids.includes(oldId); ) {
    ids.push(oldId)
    oldId = (await findMaterial(tx, oldId))?.replacesId ?? null
  }
  return ids
}

// Whoever deletes holds a course before its materials and an old material before the one that replaces it, and the tenant's account last;
// in another order the two could wait for each other.
async function keep(tx: TenantTx, { id, courseId }: Material, replaced: string[]): Promise<boolean> {
  await tx.selectFrom('courses').select('id').where('id', '=', courseId).forKeyShare().execute()
  const kept = tx
    .selectFrom('materials')
    .select('id')
    .where('id', 'in', [id, ...replaced])
  return (await kept.orderBy('id').forNoKeyUpdate().execute()).some((row) => row.id === id)
}

// Slide mappings speak of the lecture, not of one copy of its file: they move to the new one, unless it has its own for that slide.
async function replace(tx: TenantTx, oldId: string, { id, sourceType }: Material) {
  if (sourceType === 'presentation') {
    const mapped = tx.selectFrom('slide_mappings').select('slide_number').where('presentation_id', '=', id)
    await tx
      .updateTable('slide_mappings')
      .set({ presentation_id: id })
      .where('presentation_id', '=', oldId)
      .where('slide_number', 'not in', mapped)
      .execute()
  }
  if (sourceType === 'video') {
    await tx.updateTable('slide_mappings').set({ video_id: id }).where('video_id', '=', oldId).execute()
  }
  await tx.deleteFrom('materials').where('id', '=', oldId).execute()
}
