import { courseNotFound } from '#features/courses/index.ts'
import { brokenConstraint, type TenantTx } from '#platform/db/database.ts'
import * as store from './store.ts'
import type { NewUpload } from './upload.ts'

/**
 * Notes an upload before a byte of it is stored, so that whatever becomes of it, what it leaves is found. Throws `quota.exceeded`, and
 * `course.not_found` when the course has gone meanwhile.
 */
export async function insertUpload(tx: TenantTx, upload: NewUpload): Promise<void> {
  await store.insertUpload(tx, upload).catch((error: unknown) => {
    throw brokenConstraint(error) === 'uploads_tenant_id_course_id_fkey' ? courseNotFound() : error
  })
}
