import { Type } from 'typebox'
import { courseNotFound } from '#features/courses/index.ts'
import { type Api, Id, Input, type Once } from '#platform/http/index.ts'
import { studentNotFound, submissionNotFound } from '../failures.ts'
import type { createHomework } from '../homework.ts'
import {
  HomeworkAccepted,
  ProgressBody,
  ReviewBody,
  StudentId,
  SubmissionBody,
  SubmissionFilter,
  SubmissionPage,
  SubmissionParams,
} from '../schemas.ts'

type Deps = { homework: ReturnType<typeof createHomework>; once: Once }

export function listSubmissionsRoute(api: Api, { homework }: Deps) {
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
      const { nextCursor } = await homework.list(caller, params.courseId, query.cursor)
      return { items: [], next_cursor: nextCursor }
    },
  )
}

export function getSubmissionRoute(api: Api, { homework }: Deps) {
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
    () => homework.requireSubmission(),
  )
}

export function reviewSubmissionRoute(api: Api, { homework, once }: Deps) {
  api.post(
    '/submissions/:submissionId/review',
    {
      schema: {
        operationId: 'reviewSubmission',
        summary: "Put a person's judgement in the place of the program's",
        tags: ['homework'],
        params: SubmissionParams,
        body: ReviewBody,
        response: { 200: SubmissionBody },
      },
      config: { access: 'check', idempotent: true, failures: [submissionNotFound] },
    },
    (request, reply) =>
      once<never>(request, reply, { work: () => homework.requireSubmission(), answer: (found) => found }),
  )
}

export function retrySubmissionRoute(api: Api, { homework, once }: Deps) {
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
      config: { access: 'check', idempotent: true, failures: [submissionNotFound] },
    },
    (request, reply) =>
      once<never>(request, reply, { work: () => homework.requireSubmission(), answer: (found) => found }),
  )
}

export function studentProgressRoute(api: Api, { homework }: Deps) {
  api.get(
    '/students/:studentId/progress',
    {
      schema: {
        operationId: 'getStudentProgress',
        summary: 'How a student is doing in every course',
        tags: ['homework'],
        params: Type.Object({ studentId: StudentId }, { additionalProperties: false }),
        response: { 200: ProgressBody },
      },
      config: { access: 'check', failures: [studentNotFound] },
    },
    () => homework.requireProgress(),
  )
}
