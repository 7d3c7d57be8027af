import { brokenConstraint, type OperatorTx, type TenantTx } from '#platform/db/database.ts'
import { quotaExceeded } from './failures.ts'
import type { NewUpload, PartialObject, Upload } from './upload.ts'

const UPLOAD = [
  'id',
  'course_id as courseId',
  'kind',
  'source_type as sourceType',
  'filename',
  'content_type as contentType',
  'external_id as externalId',
  'replaces_id as replacesId',
  'size_bytes as sizeBytes',
  'sha256',
  'object_key as objectKey',
  'partial',
  'expires_at as expiresAt',
  'finished_at as finishedAt',
] as const

type Row = Omit<Upload, 'kind' | 'sourceType' | 'sizeBytes' | 'partial'> & {
  kind: string
  sourceType: string | null
  sizeBytes: string | null
  partial: unknown
}

const uploadOf = (row: Row): Upload => ({
  ...row,
  kind: row.kind as Upload['kind'],
  sourceType: row.sourceType as Upload['sourceType'],
  sizeBytes: row.sizeBytes === null ? null : Number(row.sizeBytes),
  partial: row.partial as PartialObject | null,
})

/** Throws `quota.exceeded`. */
export async function insertUpload(tx: TenantTx, upload: NewUpload): Promise<void> {
  await withinQuota(
    tx
      .insertInto('uploads')
      .values({
        id: upload.id,
        tenant_id: upload.tenantId,
        course_id: upload.courseId,
        kind: upload.kind,
        source_type: upload.sourceType,
        filename: upload.filename,
        content_type: upload.contentType,
        external_id: upload.externalId,
        replaces_id: upload.replacesId,
        size_bytes: upload.sizeBytes,
        sha256: upload.sha256,
        reserved_bytes: upload.reservedBytes,
        object_key: upload.objectKey,
        partial: JSON.stringify(upload.partial),
        expires_at: upload.expiresAt,
      })
      .execute(),
  )
}

export async function findUpload(tx: TenantTx, id: string): Promise<Upload | undefined> {
  const row = await tx.selectFrom('uploads').select(UPLOAD).where('id', '=', id).executeTakeFirst()
  return row && uploadOf(row)
}

/** Makes the caller the one writer of an unfinished upload; whoever wrote before can save nothing more. Undefined when there is none. */
export async function takeUpload(tx: TenantTx, id: string): Promise<(Upload & { writer: number }) | undefined> {
  const row = await tx
    .updateTable('uploads')
    .set((eb) => ({ writer: eb('writer', '+', 1) }))
    .where('id', '=', id)
    .where('finished_at', 'is', null)
    .returning([...UPLOAD, 'writer'])
    .executeTakeFirst()
  return row && { ...uploadOf(row), writer: row.writer }
}

/** False when another writer has taken the upload, or it is gone: nothing was saved. */
export async function saveProgress(
  tx: TenantTx,
  { id, writer }: { id: string; writer: number },
  { partial, expiresAt }: { partial: PartialObject; expiresAt: Date },
): Promise<boolean> {
  const { numUpdatedRows } = await tx
    .updateTable('uploads')
    .set({ partial: JSON.stringify(partial), offset_bytes: partial.offset, expires_at: expiresAt })
    .where('id', '=', id)
    .where('writer', '=', writer)
    .where('finished_at', 'is', null)
    .executeTakeFirst()
  return numUpdatedRows > 0n
}

/** Keeps an upload alive; false when it is gone. */
export async function renewUpload(tx: TenantTx, id: string, expiresAt: Date): Promise<boolean> {
  const { numUpdatedRows } = await tx
    .updateTable('uploads')
    .set({ expires_at: expiresAt })
    .where('id', '=', id)
    .where('finished_at', 'is', null)
    .executeTakeFirst()
  return numUpdatedRows > 0n
}

/**
 * Ends an upload well and gives its reservation back, in the transaction that inserts its material. The row stays until `expiresAt`.
 * False when somebody else has finished it or it is gone.
 */
export async function finishUpload(tx: TenantTx, id: string, expiresAt: Date): Promise<boolean> {
  await keepCourseOf(tx, id)
  const { numUpdatedRows } = await tx
    .updateTable('uploads')
    .set({ finished_at: new Date(), reserved_bytes: 0, expires_at: expiresAt })
    .where('id', '=', id)
    .where('finished_at', 'is', null)
    .executeTakeFirst()
  return numUpdatedRows > 0n
}

/** Drops an upload. What an unfinished one has stored is put on the list of discarded objects by the database itself. */
export async function deleteUpload(tx: TenantTx, id: string): Promise<boolean> {
  await keepCourseOf(tx, id)
  const { numDeletedRows } = await tx.deleteFrom('uploads').where('id', '=', id).executeTakeFirst()
  return numDeletedRows > 0n
}

/** Those that nobody went on with in time, of all tenants, longest ago first. */
export async function expiredUploads(tx: OperatorTx, now: Date, limit: number): Promise<string[]> {
  const expired = tx.selectFrom('uploads').select('id').where('expires_at', '<', now)
  return (await expired.orderBy('expires_at').limit(limit).execute()).map(({ id }) => id)
}

/** Drops one as `deleteUpload` does, unless somebody has gone on with it meanwhile. */
export async function deleteExpiredUpload(tx: OperatorTx, id: string, now: Date): Promise<boolean> {
  await keepCourseOf(tx, id)
  const expired = tx.deleteFrom('uploads').where('id', '=', id).where('expires_at', '<', now)
  return (await expired.executeTakeFirst()).numDeletedRows > 0n
}

export type Storage = {
  /** Bytes of the tenant's materials. */
  used: number
  /** Bytes that its unfinished uploads have been promised. */
  reserved: number
  /** Null: no limit. */
  quota: number | null
  /** UTF-8 bytes of the text that was read from its materials, and how many it may have. */
  text: { used: number; quota: number | null }
}

/** What the tenant of the transaction stores, and may store: as of now, for whoever writes meanwhile is decided about by the database. */
export async function storageOf(tx: TenantTx): Promise<Storage> {
  const row = await tx
    .selectFrom('tenants')
    .leftJoin('storage_usage', 'storage_usage.tenant_id', 'tenants.id')
    .select(['used_bytes as used', 'reserved_bytes as reserved', 'storage_quota_bytes as quota'])
    .select(['text_bytes as textUsed', 'text_quota_bytes as textQuota'])
    .executeTakeFirstOrThrow()
  return {
    used: Number(row.used ?? 0),
    reserved: Number(row.reserved ?? 0),
    quota: row.quota === null ? null : Number(row.quota),
    text: { used: Number(row.textUsed ?? 0), quota: row.textQuota === null ? null : Number(row.textQuota) },
  }
}

// Whoever deletes a course holds it before its uploads and before the tenant's account; in another order the two could wait for each other.
async function keepCourseOf(tx: TenantTx | OperatorTx, id: string): Promise<void> {
  const course = (tx as OperatorTx).selectFrom('uploads').select('course_id').where('id', '=', id)
  await (tx as OperatorTx).selectFrom('courses').select('id').where('id', 'in', course).forKeyShare().execute()
}

/** What the work rejects with becomes `quota.exceeded` when it took the tenant past its quota. */
export async function withinQuota<T>(work: Promise<T>): Promise<T> {
  try {
    return await work
  } catch (error) {
    throw brokenConstraint(error) === 'storage_quota' ? quotaExceeded() : error
  }
}
