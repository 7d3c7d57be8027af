import { type Api, Id, Input, type Once } from '#platform/http/index.ts'
import { budgetExceeded, exerciseNotFound, exerciseNotGradable, llmNotConfigured, queueFull } from '../../failures.ts'
import type { createRegrades } from '../regrade.ts'
import { RegradeStarted } from '../schemas.ts'

type Deps = { regrade: ReturnType<typeof createRegrades>; once: Once }

export function regradeExerciseRoute(api: Api, { regrade, once }: Deps) {
  api.post(
    '/exercises/:exerciseId/regrade',
    {
      schema: {
        operationId: 'regradeExercise',
        summary: 'Grade all submissions of an exercise anew',
        description:
          "By the exercise as it is now, in the background; while that runs, the same job is answered again. What a person has reviewed keeps the person's word. The job's `result` counts `regraded` (something of the result changed), `unchanged`, `reviewed_kept` and `failed` (the answer has another form than the exercise asks for by now; it keeps what it had). When the exercise is changed meanwhile, the job ends with `superseded: true`: start it again. What a model has answered for one is not bought again.",
        tags: ['homework'],
        params: Input({ exerciseId: Id }),
        response: { 202: RegradeStarted },
      },
      config: {
        access: 'check',
        idempotent: true,
        failures: [exerciseNotFound, exerciseNotGradable, llmNotConfigured, budgetExceeded, queueFull],
      },
    },
    (request, reply) =>
      once<string>(request, reply, {
        work: (settle) => regrade(request.caller, request.params.exerciseId, settle),
        answer: (id) => ({ status: 202, location: `/api/v1/jobs/${id}`, body: { job_id: id } }),
      }),
  )
}
