import { requireCourse } from '#features/courses/index.ts'
import type { Caller } from '#kernel/caller.ts'
import type { Page, PageRequest } from '#kernel/page.ts'
import type { Database, TenantTx } from '#platform/db/database.ts'
import type { Settle } from '#platform/db/settle.ts'
import { type Cursors, toPage } from '#platform/paging/index.ts'
import type { Queue } from '#platform/queue/index.ts'
import { materialNotFound, materialNotRetryable } from './failures.ts'
import { ingestMaterial } from './jobs.ts'
import type { Material } from './store.ts'
import * as store from './store.ts'

export type { Material } from './store.ts'

type Deps = { db: Pick<Database, 'forTenant'>; queue: Pick<Queue, 'add'>; cursors: Cursors }

/** Materials of the caller's tenant. An unknown or foreign id is the Failure `material.not_found`. */
export function createMaterials({ db, queue, cursors }: Deps) {
  return {
    list: (
      { tenantId }: Caller,
      courseId: string,
      { limit, cursor }: PageRequest,
      externalId: string | undefined,
    ): Promise<Page<Material>> =>
      db.forTenant(tenantId, async (tx) => {
        await requireCourse(tx, courseId)
        const list = ['materials', tenantId, courseId, externalId ?? '']
        const before = cursor === undefined ? undefined : cursors.decode(list, cursor)
        const rows = await store.listMaterials(tx, { courseId, limit: limit + 1, before, externalId })
        return toPage(rows, limit, ({ id }) => cursors.encode(list, id))
      }),
    require: ({ tenantId }: Caller, id: string) => db.forTenant(tenantId, (tx) => requireMaterial(tx, id)),
    /** Its bytes go once the deletion is committed; a job that reads it ends quietly. */
    delete: ({ tenantId }: Caller, id: string) =>
      db.forTenant(tenantId, async (tx) => {
        if (!(await store.deleteMaterial(tx, id))) throw materialNotFound()
      }),
    retry: ({ tenantId }: Caller, id: string, settle: Settle<Material>) =>
      db.forTenant(tenantId, async (tx) => {
        const { courseId } = await requireMaterial(tx, id)
        if (!(await store.changeStatus(tx, id, ['error'], 'pending'))) throw materialNotRetryable()
        const material = await requireMaterial(tx, id)
        await settle(tx, material)
        await queue.add(tx, ingestMaterial, {
          tenantId,
          courseId,
          payload: { materialId: id },
          dedupeKey: `ingest ${id}`,
        })
        return material
      }),
  }
}

async function requireMaterial(tx: TenantTx, id: string): Promise<Material> {
  const material = await store.findMaterial(tx, id)
  if (material === undefined) throw materialNotFound()
  return material
}
