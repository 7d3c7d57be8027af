import type { Database } from '#platform/db/database.ts'
import type { Api } from '#platform/http/index.ts'
import type { ObjectStore } from '#platform/objects/index.ts'
import type { Cursors } from '#platform/paging/index.ts'
import type { Queue } from '#platform/queue/index.ts'
import { createEraser } from './erase.ts'
import { createErasureLog } from './erasure-log.ts'
import { createExporter } from './export.ts'
import { createProgress } from './reading.ts'
import { deleteOldSubmissions } from './retention.ts'
import { eraseStudentRoute } from './routes/erase.ts'
import { exportStudentRoute } from './routes/export.ts'
import { courseProgressRoute, studentProgressRoute } from './routes/progress.ts'
import { createStudentHashes } from './student-hash.ts'

export { type ReplayReport, replayErasures } from './replay.ts'
export { countOldSubmissions } from './retention-store.ts'

type ApiDeps = {
  db: Pick<Database, 'forTenant' | 'asOperator'>
  objects: ObjectStore
  queue: Queue
  cursors: Cursors
  /** Keys the names of people who were erased. */
  secret: Uint8Array
}

/** Students: how far they are, what is held about them, and their being forgotten. */
export function studentsFeature({ db, objects, queue, cursors, secret }: ApiDeps) {
  const progress = createProgress({ db, cursors })
  const erase = createEraser({ db, queue, log: createErasureLog({ db, objects }), hashes: createStudentHashes(secret) })
  const exported = createExporter({ db, objects })
  return {
    routes(api: Api) {
      studentProgressRoute(api, { progress })
      courseProgressRoute(api, { progress })
      eraseStudentRoute(api, { erase })
      exportStudentRoute(api, { exported })
    },
  }
}

type WorkDeps = { db: Pick<Database, 'forTenant' | 'asOperator'>; objects: ObjectStore }

/** The background half. */
export function studentsWork({ db, objects }: WorkDeps) {
  const log = createErasureLog({ db, objects })
  return {
    /** Writes erasures to the object store that it has not taken yet; returns how many. */
    copyErasures: (signal: AbortSignal) => log.copy({ signal }),
    /** Deletes submissions that are older than their tenant keeps them; returns how many. */
    deleteOldSubmissions: (signal: AbortSignal) => deleteOldSubmissions(db, signal),
  }
}
