import { Type } from 'typebox'
import { CourseParams, courseNotFound } from '#features/courses/index.ts'
import { type Api, Input } from '#platform/http/index.ts'
import { versionNotFound } from '../failures.ts'
import type { Judges } from '../gradable.ts'
import { presentDetail } from '../present.ts'
import type { createReading } from '../reading.ts'
import { CourseDetailBody } from '../schemas.ts'
import { ETag, etagOf } from './etag.ts'

type Deps = { reading: Pick<ReturnType<typeof createReading>, 'detail'>; judges: Judges }

export function getCourseRoute(api: Api, { reading, judges }: Deps) {
  api.get(
    '/courses/:courseId',
    {
      schema: {
        operationId: 'getCourse',
        summary: 'A course with its structure, materials and slide mappings',
        description: 'The `ETag` names the version of the structure; send it as `If-Match` with `PUT …/structure`.',
        tags: ['courses'],
        params: CourseParams,
        querystring: Input({
          version: Type.Optional(
            Type.Integer({ minimum: 1, maximum: 2_147_483_647, description: 'An earlier version of the structure.' }),
          ),
        }),
        response: { 200: CourseDetailBody },
      },
      config: { access: 'prep', answers: { ETag }, failures: [courseNotFound, versionNotFound] },
    },
    async ({ caller, params, query }, reply) => {
      const detail = await reading.detail(caller, params.courseId, query.version)
      reply.header('etag', etagOf(detail))
      return presentDetail(detail, await judges(caller))
    },
  )
}
