import type { Api } from '#platform/http/index.ts'
import type { createEraser } from '../erase.ts'
import { studentNotFound } from '../failures.ts'
import { presentRemoved } from '../present.ts'
import { ErasedBody, StudentParams } from '../schemas.ts'

type Deps = { erase: ReturnType<typeof createEraser> }

export function eraseStudentRoute(api: Api, { erase }: Deps) {
  api.delete(
    '/students/:studentId',
    {
      schema: {
        operationId: 'eraseStudent',
        summary: 'Erase a person',
        description:
          'Everything under the student’s id goes: submissions with their files, what models were asked and answered about them, reviews, responses kept for repeated requests, events. The answer says how much there was. What it cost stays in the cost report, which knows nobody. A check that runs ends. Asked again, the student is unknown.',
        tags: ['students'],
        params: StudentParams,
        response: { 200: ErasedBody },
      },
      config: { access: 'check', failures: [studentNotFound] },
    },
    async ({ caller, params }) => presentRemoved(await erase(caller, params.studentId)),
  )
}
