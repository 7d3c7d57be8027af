import { type Api, Id, Input, type Once, pageRequest } from '#platform/http/index.ts'
import { courseNotFound, queueFull, submissionNotFound, submissionNotRetryable } from '../failures.ts'
import { presentAccepted, presentSubmission, presentSummary } from '../present.ts'
import { HomeworkAccepted, SubmissionBody, SubmissionFilter, SubmissionPage, SubmissionParams } from '../schemas.ts'
import type { Submission } from '../submission.ts'
import type { createSubmissions } from '../submissions.ts'

type Deps = { submissions: ReturnType<typeof createSubmissions>; once: Once }

export function listSubmissionsRoute(api: Api, { submissions }: Deps) {
  api.get(
    '/courses/:courseId/submissions',
    {
      schema: {
        operationId: 'listSubmissions',
        summary: 'List the submissions to a course, newest first',
        tags: ['homework'],
        params: Input({ courseId: Id }),
        querystring: SubmissionFilter,
        response: { 200: SubmissionPage },
      },
      config: { access: 'check', failures: [courseNotFound] },
    },
    async ({ caller, params, query }) => {
      const { student_id: studentId, exercise_id: exerciseId, status, updated_since: since } = query
      const filter = { studentId, exerciseId, status, updatedSince: since === undefined ? undefined : new Date(since) }
      const { items, nextCursor } = await submissions.list(caller, params.courseId, pageRequest(query), filter)
      return { items: items.map(presentSummary), next_cursor: nextCursor }
    },
  )
}

export function getSubmissionRoute(api: Api, { submissions }: Deps) {
  api.get(
    '/submissions/:submissionId',
    {
      schema: {
        operationId: 'getSubmission',
        summary: 'A submission and its result',
        tags: ['homework'],
        params: SubmissionParams,
        response: { 200: SubmissionBody },
      },
      config: { access: 'check', failures: [submissionNotFound] },
    },
    async ({ caller, params }) => presentSubmission(await submissions.find(caller, params.submissionId)),
  )
}

export function retrySubmissionRoute(api: Api, { submissions, once }: Deps) {
  api.post(
    '/submissions/:submissionId/retry',
    {
      schema: {
        operationId: 'retrySubmission',
        summary: 'Check again what ended in an error',
        tags: ['homework'],
        params: SubmissionParams,
        response: { 202: HomeworkAccepted },
      },
      config: {
        access: 'check',
        idempotent: true,
        failures: [submissionNotFound, submissionNotRetryable, queueFull],
      },
    },
    (request, reply) =>
      once<Submission>(request, reply, {
        work: (settle) => submissions.retry(request.caller, request.params.submissionId, settle),
        answer: (submission) => ({
          status: 202,
          location: `/api/v1/submissions/${submission.id}`,
          body: presentAccepted(submission, false),
        }),
      }),
  )
}
