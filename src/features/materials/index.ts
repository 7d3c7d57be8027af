import type { Admission } from '#features/storage/index.ts'
import type { Ledgers } from '#features/usage/index.ts'
import type { Database } from '#platform/db/database.ts'
import type { Extractor } from '#platform/extract/index.ts'
import type { Api, Once } from '#platform/http/index.ts'
import type { Llm, Prompt } from '#platform/llm/index.ts'
import type { Log } from '#platform/log/index.ts'
import type { Media } from '#platform/media/index.ts'
import type { ObjectStore } from '#platform/objects/index.ts'
import type { Cursors } from '#platform/paging/index.ts'
import type { Queue } from '#platform/queue/index.ts'
import type { Scratch } from '#platform/scratch/index.ts'
import { createTokens } from '#platform/tokens/index.ts'
import type { WebFetcher } from '#platform/web/index.ts'
import { createChunks } from './chunks.ts'
import { type ContentPermit, createContent } from './content.ts'
import { emptyDiscarded } from './discard.ts'
import { ingestHandler } from './jobs.ts'
import { createMaterials } from './materials.ts'
import { createReader } from './reading/reader.ts'
import { addMaterialRoute } from './routes/add-material.ts'
import { listChunksRoute } from './routes/chunks.ts'
import { linkContentRoute, readContentRoute } from './routes/content.ts'
import { deleteMaterialRoute, getMaterialRoute, listMaterialsRoute, retryMaterialRoute } from './routes/materials.ts'
import { createUploads } from './upload.ts'

export { createAcceptance, requirePlace } from './accept.ts'
export { chunksOf } from './chunk-store.ts'
export { emptyDiscarded } from './discard.ts'
export {
  materialExternalIdTaken,
  materialNotFound,
  materialTooLarge,
  materialUnsupportedType,
  queueFull,
  replacedUnknown,
  storageUnavailable,
  uploadInterrupted,
} from './failures.ts'
export { requireFileName, saneType } from './file-name.ts'
export { contentTypeOf, extensionOf, isUploadable, PAGE_TYPES, type SourceType } from './formats.ts'
export { picturePromptOf } from './reading/picture.ts'
export { LocatorBody, MaterialBody, presentMaterial } from './schemas.ts'
export { findMaterial, type Material, materialsOf } from './store.ts'

type ApiDeps = {
  db: Pick<Database, 'forTenant'>
  objects: ObjectStore
  queue: Queue
  cursors: Cursors
  once: Once
  log: Log
  /** Who may send a file now. */
  admission: Admission
  maxUploadBytes: number
  /** Signs the links to files. */
  secret: Uint8Array
  /** Milliseconds for which an upload may be silent. */
  stallMs?: number
}

const STALL_MS = 60_000

/** Upload and listing of materials. */
export function materialsFeature(deps: ApiDeps) {
  const { db, objects, queue, cursors, once, log, admission, maxUploadBytes: maxBytes, stallMs = STALL_MS } = deps
  const materials = createMaterials({ db, queue, cursors })
  const tokens = createTokens<ContentPermit>(deps.secret, 'material content')
  const chunks = createChunks({ db, cursors })
  const content = createContent({ db, objects, tokens })
  const uploads = createUploads({ db, objects, queue, admission, log, maxBytes })
  return {
    async routes(api: Api) {
      await addMaterialRoute(api, { uploads, once, limits: { maxBytes, stallMs } })
      for (const route of [listMaterialsRoute, getMaterialRoute, deleteMaterialRoute, retryMaterialRoute])
        route(api, { materials, once })
      listChunksRoute(api, { chunks })
      for (const route of [linkContentRoute, readContentRoute]) route(api, { content })
    },
  }
}

type WorkDeps = {
  db: Pick<Database, 'forTenant' | 'asOperator'>
  objects: ObjectStore
  extractor: Extractor
  web: WebFetcher
  media: Media
  scratch: Scratch
  models: ReadingModels
}

/** What of a material models say: who is asked, what about pictures, and who pays. */
export type ReadingModels = { llm: Llm; ledgers: Ledgers; picturePrompt: Prompt }

/** The background half: reading materials, and emptying what was deleted. */
export function materialsWork({ models, ...deps }: WorkDeps) {
  const reader = createReader({ ...deps, ...models })
  return {
    handlers: [ingestHandler({ ...deps, reader })],
    emptyDiscarded: (signal: AbortSignal) => emptyDiscarded(deps, signal),
  }
}
