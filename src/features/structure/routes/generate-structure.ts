import { Type } from 'typebox'
import { CourseParams, courseNotFound } from '#features/courses/index.ts'
import { type Api, Id, Input, type Once, OneOf } from '#platform/http/index.ts'
import { authorVersion, materialsPending, noMaterials, queueFull } from '../failures.ts'
import type { createGenerator } from '../generate.ts'

/** The outline engine knows one way only. */
const Strategy = Type.Unsafe<'default' | 'quality' | 'budget'>({
  ...OneOf('default', 'quality', 'budget'),
  description: 'How much a language model may cost. The outline, which uses none, does the same whatever it is.',
})

const GenerateBody = Input(
  {
    strategy: Type.Optional(Strategy),
    ignore_pending: Type.Optional(
      Type.Boolean({ description: 'Do not wait for materials that are still being read.' }),
    ),
    replace_author: Type.Optional(Type.Boolean({ description: "Replace the author's own version." })),
  },
  { title: 'GenerateStructure', examples: [{ strategy: 'default' }] },
)

const Started = Type.Object({ job_id: Id }, { title: 'StructureStarted' })

type Deps = { generator: ReturnType<typeof createGenerator>; once: Once }

export function generateStructureRoute(api: Api, { generator, once }: Deps) {
  api.post(
    '/courses/:courseId/structure',
    {
      schema: {
        operationId: 'generateStructure',
        summary: 'Turn the materials into modules, lessons and concepts',
        description:
          'While one runs for the course, the same job is answered again. The `outline` engine finds modules, lessons, concepts, timecodes and slides; it invents no exercises: put your own with `PUT …/structure`.',
        tags: ['structure'],
        params: CourseParams,
        body: GenerateBody,
        response: { 202: Started },
      },
      config: {
        access: 'prep',
        idempotent: true,
        bodyOptional: true,
        failures: [courseNotFound, noMaterials, materialsPending, authorVersion, queueFull],
      },
    },
    (request, reply) => {
      const {
        strategy = 'default',
        ignore_pending: ignorePending = false,
        replace_author: replaceAuthor = false,
      } = request.body
      const order = { strategy, ignorePending, replaceAuthor }
      return once<string>(request, reply, {
        work: (settle) => generator.start(request.caller, request.params.courseId, order, settle),
        answer: (id) => ({ status: 202, location: `/api/v1/jobs/${id}`, body: { job_id: id } }),
      })
    },
  )
}
