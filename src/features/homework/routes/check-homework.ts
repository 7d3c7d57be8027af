import { courseNotFound } from '#features/courses/index.ts'
import { type Api, Id, Input, type Once } from '#platform/http/index.ts'
import { homeworkNotAvailable } from '../failures.ts'
import type { createHomework } from '../homework.ts'
import { HomeworkAccepted, HomeworkBody } from '../schemas.ts'

type Deps = { homework: ReturnType<typeof createHomework>; once: Once }

export function checkHomeworkRoute(api: Api, { homework, once }: Deps) {
  api.post(
    '/courses/:courseId/check-homework',
    {
      schema: {
        operationId: 'checkHomework',
        summary: "Check a student's answer to an exercise",
        description:
          'Not there yet: a request that is right in everything is answered 503 `homework.not_available` until homework is checked here. The answers below are those it will have.',
        tags: ['homework'],
        params: Input({ courseId: Id }),
        body: HomeworkBody,
        response: { 202: HomeworkAccepted },
      },
      config: { access: 'check', idempotent: true, failures: [courseNotFound, homeworkNotAvailable] },
    },
    (request, reply) =>
      once<never>(request, reply, {
        work: () => homework.check(request.caller, request.params.courseId),
        answer: (accepted) => accepted,
      }),
  )
}
