import { Type } from 'typebox'
import { CourseParams, courseNotFound } from '#features/courses/index.ts'
import { type Api, Id, Input, type Once } from '#platform/http/index.ts'
import {
  authorVersion,
  budgetExceeded,
  installationExhausted,
  materialsPending,
  noMaterials,
  queueFull,
  wouldDowngrade,
} from '../failures.ts'
import type { createGenerator } from '../generating/generate.ts'
import { Strategy } from './strategy.ts'

const GenerateBody = Input(
  {
    strategy: Type.Optional(Strategy),
    ignore_pending: Type.Optional(
      Type.Boolean({ description: 'Do not wait for materials that are still being read.' }),
    ),
    replace_author: Type.Optional(Type.Boolean({ description: "Replace the author's own version." })),
    replace_llm: Type.Optional(
      Type.Boolean({ description: 'Let the outline engine replace what language models made, if it comes to that.' }),
    ),
    force: Type.Optional(
      Type.Boolean({
        description: 'Make it again although nothing has changed: language models are asked, and paid for, again.',
      }),
    ),
  },
  { title: 'GenerateStructure', examples: [{ strategy: 'default' }] },
)

const DESCRIPTION = `While one runs for the course, the same job is answered again, whatever strategy or \`force\` is asked for: its \`result\` says by which \`strategy\` it was made.

Where language models are configured and the tenant allows them, they make the course; the job's \`result\` then has \`generated_by: "llm"\` and \`dropped\`, which counts the concepts and citations that named no real place in the materials. What a model has answered is kept: a job that failed, was cancelled or was interrupted is continued by the next one, and after a change only what it concerns is asked again. When nothing has changed since the structure that is shown was made, the job ends at once with \`unchanged: true\`, and nothing is spent. A job that meets the end of the budget fails with \`budget.exceeded\`; after a raise, start it again. Its \`message\` says how much is left and how much the next call needs.

The \`result\` says what it took: \`cost_usd\` is the exact sum of the job's calls (with \`unpriced_calls\` when the price of some is unknown), and \`models\` are those whose answers it is made of, bought now or before. \`GET /reports/cost?job_id=\` has the details, of a job that failed as well.

Otherwise the \`outline\` engine finds modules, lessons, concepts, timecodes and slides, and \`result.notice\` says why; it invents no exercises: put your own with \`PUT …/structure\`. What language models made it replaces only with \`replace_llm\`: otherwise the request, or the job when it is no longer allowed by then, ends with \`structure.would_downgrade\`.`

const Started = Type.Object({ job_id: Id }, { title: 'StructureStarted' })

type Deps = { generator: ReturnType<typeof createGenerator>; once: Once }

export function generateStructureRoute(api: Api, { generator, once }: Deps) {
  api.post(
    '/courses/:courseId/structure',
    {
      schema: {
        operationId: 'generateStructure',
        summary: 'Turn the materials into modules, lessons, concepts and exercises',
        description: DESCRIPTION,
        tags: ['structure'],
        params: CourseParams,
        body: GenerateBody,
        response: { 202: Started },
      },
      config: {
        access: 'prep',
        idempotent: true,
        bodyOptional: true,
        failures: [
          ...[courseNotFound, noMaterials, materialsPending, authorVersion, wouldDowngrade],
          ...[budgetExceeded, installationExhausted, queueFull],
        ],
      },
    },
    (request, reply) => {
      const {
        strategy = 'default',
        ignore_pending: ignorePending = false,
        replace_author: replaceAuthor = false,
        replace_llm: replaceLlm = false,
        force = false,
      } = request.body
      const order = { strategy, ignorePending, replaceAuthor, replaceLlm, force }
      return once<string>(request, reply, {
        work: (settle) => generator.start(request.caller, request.params.courseId, order, settle),
        answer: (id) => ({ status: 202, location: `/api/v1/jobs/${id}`, body: { job_id: id } }),
      })
    },
  )
}
