import { requireCourse } from '#features/courses/index.ts'
import type { Failure } from '#kernel/failure.ts'
import { unavailable } from '#kernel/failure.ts'
import type { Database, TenantTx } from '#platform/db/database.ts'
import type { Log } from '#platform/log/index.ts'
import * as store from './store.ts'

/** Milliseconds: what a process has to give a sign of life in, or its uploads are dropped. Several renewals may fail. */
const LEASE = 5 * 60_000
const RENEW_EVERY = 60_000

type Deps = { db: Pick<Database, 'forTenant'>; log: Log; everyMs?: number }

type Held = { tenantId: string; courseId: string; id: string }

export type Hold = {
  /** Aborted, with a Failure, when the upload's row is gone: with its course or tenant, or because nobody renewed it. */
  signal: AbortSignal
  stop(): void
}

/** When an upload of which nothing more is heard is given up. */
export const leaseEnd = () => new Date(Date.now() + LEASE)

/** Keeps the row of a streamed upload alive until `stop`. A renewal that fails is tried again with the next. */
export function holdUpload({ db, log, everyMs = RENEW_EVERY }: Deps, { tenantId, courseId, id }: Held): Hold {
  const lost = new AbortController()
  const timer = setInterval(async () => {
    try {
      const why = await db.forTenant(tenantId, async (tx) =>
        (await store.renewUpload(tx, id, leaseEnd())) ? undefined : whyGone(tx, courseId),
      )
      if (why === undefined) return
      clearInterval(timer)
      lost.abort(why)
    } catch (error) {
      log.warn({ err: error, upload_id: id }, 'the lease of an upload was not renewed')
    }
  }, everyMs).unref()
  return { signal: lost.signal, stop: () => clearInterval(timer) }
}

/** What to tell a client whose upload is gone. */
export async function whyGone(tx: TenantTx, courseId: string): Promise<Failure> {
  return requireCourse(tx, courseId).then(
    () => unavailable(),
    (missing: Failure) => missing,
  )
}
