import type { Admission } from '#features/storage/index.ts'
import type { Database } from '#platform/db/database.ts'
import type { Api, Once } from '#platform/http/index.ts'
import type { Log } from '#platform/log/index.ts'
import type { ObjectStore } from '#platform/objects/index.ts'
import type { Queue } from '#platform/queue/index.ts'
import { createTokens } from '#platform/tokens/index.ts'
import { createDirectUploads } from './direct/direct.ts'
import { beginDirectUploadRoute } from './direct/routes/begin.ts'
import { cancelDirectUploadRoute, completeDirectUploadRoute, getDirectUploadRoute } from './direct/routes/upload.ts'
import { createAppend } from './resumable/append.ts'
import { type Capability, createCapabilities } from './resumable/capability.ts'
import { createFinish } from './resumable/finish.ts'
import { resumableRoutes } from './resumable/routes/resumable.ts'
import { createResumableUploads } from './resumable/uploads.ts'

type Deps = {
  db: Pick<Database, 'forTenant'>
  objects: ObjectStore
  queue: Queue
  once: Once
  log: Log
  /** Places for those who write. */
  admission: Admission
  /** Signs the addresses of uploads. */
  secret: Uint8Array
  maxUploadBytes: number
  /** Milliseconds for which an upload's body may be silent. */
  stallMs?: number
}

const STALL_MS = 60_000

/** Uploads that take more than one request. */
export function uploadsFeature(deps: Deps) {
  const { db, objects, queue, once, log, admission, secret, maxUploadBytes: maxBytes, stallMs = STALL_MS } = deps
  const now = () => new Date()
  const capabilities = createCapabilities({ tokens: createTokens<Capability>(secret, 'upload'), now })
  const append = createAppend({ db, objects, admission, now })
  const finish = createFinish({ db, objects, queue, log, now })
  const uploads = createResumableUploads({ db, append, finish, capabilities, maxBytes, now })
  const direct = createDirectUploads({ db, objects, queue, log, maxBytes })
  return {
    async routes(api: Api) {
      await resumableRoutes(api, { uploads, capabilities, once, stallMs })
      for (const route of [
        beginDirectUploadRoute,
        getDirectUploadRoute,
        completeDirectUploadRoute,
        cancelDirectUploadRoute,
      ])
        route(api, { direct, once })
    },
  }
}
