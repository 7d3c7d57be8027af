import type { Database } from '#platform/db/database.ts'
import type { Extractor } from '#platform/extract/index.ts'
import type { Api, Once } from '#platform/http/index.ts'
import type { Log } from '#platform/log/index.ts'
import type { ObjectStore } from '#platform/objects/index.ts'
import type { Cursors } from '#platform/paging/index.ts'
import type { Queue } from '#platform/queue/index.ts'
import type { WebFetcher } from '#platform/web/index.ts'
import { emptyDiscarded } from './discard.ts'
import { ingestHandler } from './jobs.ts'
import { createMaterials } from './materials.ts'
import { addMaterialRoute } from './routes/add-material.ts'
import { deleteMaterialRoute, getMaterialRoute, listMaterialsRoute, retryMaterialRoute } from './routes/materials.ts'
import { createUploads } from './upload.ts'

export { emptyDiscarded } from './discard.ts'
export { PAGE_TYPES } from './formats.ts'
export { MaterialBody, presentMaterial } from './schemas.ts'
export { chunksOf, type Material, materialsOf } from './store.ts'

type ApiDeps = {
  db: Pick<Database, 'forTenant'>
  objects: ObjectStore
  queue: Queue
  cursors: Cursors
  once: Once
  log: Log
  maxUploadBytes: number
  /** Milliseconds for which an upload may be silent. */
  stallMs?: number
}

const STALL_MS = 60_000

/** Upload and listing of materials. */
export function materialsFeature(deps: ApiDeps) {
  const { db, objects, queue, cursors, once, log, maxUploadBytes: maxBytes, stallMs = STALL_MS } = deps
  const materials = createMaterials({ db, queue, cursors })
  const uploads = createUploads({ db, objects, queue, log, maxBytes })
  return {
    storedBytes: materials.storedBytes,
    async routes(api: Api) {
      await addMaterialRoute(api, { uploads, once, limits: { maxBytes, stallMs } })
      for (const route of [listMaterialsRoute, getMaterialRoute, deleteMaterialRoute, retryMaterialRoute])
        route(api, { materials, once })
    },
  }
}

type WorkDeps = {
  db: Pick<Database, 'forTenant' | 'asOperator'>
  objects: ObjectStore
  extractor: Extractor
  web: WebFetcher
}

/** The background half: reading materials, and emptying what was deleted. */
export function materialsWork(deps: WorkDeps) {
  return {
    handlers: [ingestHandler(deps)],
    emptyDiscarded: (signal: AbortSignal) => emptyDiscarded(deps, signal),
  }
}
