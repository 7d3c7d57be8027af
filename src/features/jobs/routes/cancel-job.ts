import type { Api } from '#platform/http/index.ts'
import { jobFinished, jobNotFound } from '../failures.ts'
import type { createJobs } from '../jobs.ts'
import { JobBody, JobParams, presentJob } from '../schemas.ts'

type Deps = { jobs: Pick<ReturnType<typeof createJobs>, 'cancel'> }

export function cancelJobRoute(api: Api, { jobs }: Deps) {
  api.delete(
    '/jobs/:jobId',
    {
      schema: {
        operationId: 'cancelJob',
        summary: 'Cancel a job',
        description:
          'Needs the scope that started the job. One that waits is cancelled at once (200). One that runs is asked to stop (202): within a few seconds `GET /jobs/{id}` shows it as `cancelled`. Again changes nothing. What language models answered until then is kept and paid for: the next job does not buy it again. A material whose reading is cancelled ends as `error` with `job.cancelled`, and can be retried.',
        tags: ['jobs'],
        params: JobParams,
        response: { 200: JobBody, 202: JobBody },
      },
      config: { access: 'any', failures: [jobNotFound, jobFinished] },
    },
    async ({ caller, params }, reply) => {
      const job = await jobs.cancel(caller, params.jobId)
      if (job.status === 'running') reply.code(202).header('location', `/api/v1/jobs/${job.id}`)
      return presentJob(job)
    },
  )
}
