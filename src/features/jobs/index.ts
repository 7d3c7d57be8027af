import type { Database } from '#platform/db/database.ts'
import type { Api } from '#platform/http/index.ts'
import type { Queue } from '#platform/queue/index.ts'
import { createJobs } from './jobs.ts'
import { cancelJobRoute } from './routes/cancel-job.ts'
import { getJobRoute } from './routes/get-job.ts'

type Deps = { db: Pick<Database, 'forTenant'>; queue: Pick<Queue, 'cancel'> }

/** What a client may ask about background work, and of it. The queue itself is platform. */
export function jobsFeature(deps: Deps) {
  const jobs = createJobs(deps)
  return {
    routes(api: Api) {
      for (const route of [getJobRoute, cancelJobRoute]) route(api, { jobs })
    },
  }
}
