import { Readable } from 'node:stream'
import type { Api } from '#platform/http/index.ts'
import type { createExporter } from '../export.ts'
import { studentNotFound } from '../failures.ts'
import { ExportBody, StudentParams } from '../schemas.ts'

type Deps = { exported: ReturnType<typeof createExporter> }

export function exportStudentRoute(api: Api, { exported }: Deps) {
  api.get(
    '/students/:studentId/export',
    {
      schema: {
        operationId: 'exportStudent',
        summary: 'Everything held about a person',
        description:
          'Submissions with answers, files (`content_base64`), results, reviews and how they were judged; attempts; events. For a key without `prep`, what models were asked and answered (`questions`, `replies`, `model_answers`) is null, as the reference solution may be in it.',
        tags: ['students'],
        params: StudentParams,
        response: { 200: { content: { 'application/json': { schema: ExportBody } } } },
      },
      config: { access: 'check', failures: [studentNotFound] },
    },
    async ({ caller, params }, reply) => {
      const json = Readable.from(await exported(caller, params.studentId))
      reply.header('content-disposition', 'attachment; filename="student.json"').type('application/json; charset=utf-8')
      return reply.send(json as never)
    },
  )
}
