import { findUpload, type Upload } from '#features/storage/index.ts'
import type { TenantTx } from '#platform/db/database.ts'
import type { PartialObject } from '#platform/objects/index.ts'
import { uploadNotFound } from '../failures.ts'

/** An upload whose object was begun: only these are ever shown. */
export type BegunUpload = Upload & { sizeBytes: number; partial: PartialObject }

/** A direct upload of the course that has not expired; throws `upload.not_found`. */
export async function requireUpload(tx: TenantTx, courseId: string, id: string): Promise<BegunUpload> {
  const upload = await findUpload(tx, id)
  if (upload?.kind !== 'direct' || upload.courseId !== courseId || upload.expiresAt <= new Date()) {
    throw uploadNotFound()
  }
  const { sizeBytes, partial } = upload
  if (sizeBytes === null || partial === null) throw uploadNotFound()
  return { ...upload, sizeBytes, partial }
}
