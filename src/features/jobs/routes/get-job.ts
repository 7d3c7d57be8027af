import type { Api } from '#platform/http/index.ts'
import { jobNotFound } from '../failures.ts'
import type { createJobs } from '../jobs.ts'
import { JobBody, JobParams, presentJob } from '../schemas.ts'

type Deps = { jobs: Pick<ReturnType<typeof createJobs>, 'require'> }

export function getJobRoute(api: Api, { jobs }: Deps) {
  api.get(
    '/jobs/:jobId',
    {
      schema: {
        operationId: 'getJob',
        summary: 'How far a job is',
        description: 'Needs the scope that started the job.',
        tags: ['jobs'],
        params: JobParams,
        response: { 200: JobBody },
      },
      config: { access: 'any', failures: [jobNotFound] },
    },
    async ({ caller, params }) => presentJob(await jobs.require(caller, params.jobId)),
  )
}
