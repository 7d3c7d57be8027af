import { courseNotFound, requireCourse } from '#features/courses/index.ts'
import { quotaExceeded } from '#features/storage/index.ts'
import type { Failure } from '#kernel/failure.ts'
import { brokenConstraint, type TenantTx } from '#platform/db/database.ts'
import type { Settle } from '#platform/db/settle.ts'
import type { Queue } from '#platform/queue/index.ts'
import { materialExternalIdTaken, replacedUnknown } from './failures.ts'
import { ingestMaterial } from './jobs.ts'
import type { Material, NewMaterial } from './store.ts'
import * as store from './store.ts'

/**
 * Accepts a material whose bytes are safe: its row and the job that reads it are born in the caller's transaction. Throws the Failures of
 * `requirePlace`, `queue.full` and `quota.exceeded`.
 */
export function createAcceptance({ queue }: { queue: Pick<Queue, 'add'> }) {
  return async (tx: TenantTx, tenantId: string, material: NewMaterial, settle: Settle<Material>): Promise<Material> => {
    const { id, courseId, externalId, replacesId: replaces } = material
    await requirePlace(tx, courseId, { externalId, replaces })
    const inserted = await store.insertMaterial(tx, tenantId, material).catch((error: unknown) => {
      throw OVERTAKEN[brokenConstraint(error) ?? '']?.() ?? error
    })
    await settle(tx, inserted)
    await queue.add(tx, ingestMaterial, { tenantId, courseId, payload: { materialId: id }, dedupeKey: `ingest ${id}` })
    return inserted
  }
}

/** What somebody else may do between our look and our insert. */
const OVERTAKEN: Record<string, () => Failure> = {
  materials_tenant_id_external_id_key: materialExternalIdTaken,
  materials_tenant_id_course_id_fkey: courseNotFound,
  materials_tenant_id_course_id_replaces_id_fkey: replacedUnknown,
  storage_quota: quotaExceeded,
}

/** What can be known of a material's place without its bytes. */
export async function requirePlace(
  tx: TenantTx,
  courseId: string,
  { externalId, replaces }: { externalId?: string | null; replaces?: string | null },
) {
  await requireCourse(tx, courseId)
  if (replaces && (await store.findMaterial(tx, replaces))?.courseId !== courseId) throw replacedUnknown()
  if (externalId && (await store.isExternalIdTaken(tx, externalId))) throw materialExternalIdTaken()
}
