import { findUpload, type Upload } from '#features/storage/index.ts'
import type { TenantTx } from '#platform/db/database.ts'
import { uploadNotFound } from '../failures.ts'

/** An upload of which everything was said at its beginning but its bytes. */
export type ResumableUpload = Upload & {
  sourceType: NonNullable<Upload['sourceType']>
  filename: string
  sizeBytes: number
}

/** Which upload is meant, and whose it must be. */
export type Target = { tenantId: string; courseId: string; uploadId: string }

export const offsetOf = ({ partial }: Upload) => partial?.offset ?? 0

export async function requireUpload(tx: TenantTx, { courseId, uploadId }: Target): Promise<ResumableUpload> {
  const upload = await findUpload(tx, uploadId)
  if (upload?.kind !== 'resumable' || upload.courseId !== courseId) throw uploadNotFound()
  const { sourceType, filename, sizeBytes } = upload
  if (sourceType === null || filename === null || sizeBytes === null) throw uploadNotFound()
  return { ...upload, sourceType, filename, sizeBytes }
}
