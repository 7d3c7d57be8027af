import type { Database } from '#platform/db/database.ts'
import type { Api } from '#platform/http/index.ts'
import { createJobs } from './jobs.ts'
import { getJobRoute } from './routes/get-job.ts'

/** What a client may ask about background work. The queue itself is platform. */
export function jobsFeature({ db }: { db: Pick<Database, 'forTenant'> }) {
  const jobs = createJobs({ db })
  return { routes: (api: Api) => getJobRoute(api, { jobs }) }
}
