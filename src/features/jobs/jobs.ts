import type { Caller } from '#kernel/caller.ts'
import type { Database, TenantTx } from '#platform/db/database.ts'
import { findJob, type Job, type Queue } from '#platform/queue/index.ts'
import { jobNotFound, jobScopeMissing } from './failures.ts'

export type { Job } from '#platform/queue/index.ts'

type Deps = { db: Pick<Database, 'forTenant'>; queue: Pick<Queue, 'cancel'> }

/** Background work as its tenant sees it, each only with the scope that started it. Throws `job.not_found`, `auth.scope_missing`. */
export function createJobs({ db, queue }: Deps) {
  return {
    require: ({ tenantId, scopes }: Caller, id: string): Promise<Job> =>
      db.forTenant(tenantId, (tx) => requireJob(tx, scopes, id)),
    /** A waiting job is cancelled at once, a running one within seconds. Again changes nothing. Throws `job.finished`. */
    cancel: ({ tenantId, scopes }: Caller, id: string): Promise<Job> =>
      db.forTenant(tenantId, async (tx) => {
        await requireJob(tx, scopes, id)
        await queue.cancel(tx, id).catch(async (error: unknown) => {
          const { status } = await requireJob(tx, scopes, id)
          if (status !== 'cancelled') throw error
        })
        return requireJob(tx, scopes, id)
      }),
  }
}

async function requireJob(tx: TenantTx, scopes: Caller['scopes'], id: string): Promise<Job> {
  const job = await findJob(tx, id)
  if (job === undefined) throw jobNotFound()
  if (!scopes.includes(job.scope)) throw jobScopeMissing(job.scope)
  return job
}
