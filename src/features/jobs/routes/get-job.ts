import { Type } from 'typebox'
import { type Api, Id, Input, Nullable, OneOf, Timestamp } from '#platform/http/index.ts'
import { jobNotFound } from '../failures.ts'
import type { createJobs, Job } from '../jobs.ts'

const JobBody = Type.Object(
  {
    id: Id,
    kind: Type.String({ examples: ['generate_structure'] }),
    course_id: Nullable(Id),
    status: OneOf('queued', 'running', 'done', 'error', 'cancelled'),
    progress: Type.Number({ minimum: 0, maximum: 1 }),
    result: Nullable(Type.Object({}, { additionalProperties: true })),
    error: Nullable(Type.Object({ code: Type.String(), message: Type.String() })),
    created_at: Timestamp,
    finished_at: Nullable(Timestamp),
  },
  { title: 'Job' },
)

type Deps = { jobs: ReturnType<typeof createJobs> }

export function getJobRoute(api: Api, { jobs }: Deps) {
  api.get(
    '/jobs/:jobId',
    {
      schema: {
        operationId: 'getJob',
        summary: 'How far a job is',
        description: 'Needs the scope that started the job.',
        tags: ['jobs'],
        params: Input({ jobId: Id }),
        response: { 200: JobBody },
      },
      config: { access: 'any', failures: [jobNotFound] },
    },
    async ({ caller, params }) => presentJob(await jobs.require(caller, params.jobId)),
  )
}

function presentJob({ id, kind, courseId, status, progress, result, error, createdAt, finishedAt }: Job) {
  return {
    id,
    kind,
    course_id: courseId,
    status,
    progress,
    result: (result ?? null) as Record<string, unknown> | null,
    error,
    created_at: createdAt.toISOString(),
    finished_at: finishedAt?.toISOString() ?? null,
  }
}
