import type { Caller } from '#kernel/caller.ts'
import type { Database } from '#platform/db/database.ts'
import { findJob, type Job } from '#platform/queue/index.ts'
import { jobNotFound, jobScopeMissing } from './failures.ts'

export type { Job } from '#platform/queue/index.ts'

type Deps = { db: Pick<Database, 'forTenant'> }

/** Background work as its tenant sees it. */
export function createJobs({ db }: Deps) {
  return {
    /** Only with the scope that started it. Throws `job.not_found`, `auth.scope_missing`. */
    require: async ({ tenantId, scopes }: Caller, id: string): Promise<Job> => {
      const job = await db.forTenant(tenantId, (tx) => findJob(tx, id))
      if (job === undefined) throw jobNotFound()
      if (!scopes.includes(job.scope)) throw jobScopeMissing(job.scope)
      return job
    },
  }
}
