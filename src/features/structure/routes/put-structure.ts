import { Type } from 'typebox'
import { CourseParams, courseNotFound } from '#features/courses/index.ts'
import type { Api } from '#platform/http/index.ts'
import type { createAuthoring } from '../author.ts'
import { exerciseExternalIdTaken, versionChanged } from '../failures.ts'
import type { Judges } from '../gradable.ts'
import { CourseInput, courseFrom } from '../input-schemas.ts'
import { presentDetail } from '../present.ts'
import { CourseDetailBody } from '../schemas.ts'
import { ETag, etagOf, versionsIn } from './etag.ts'

type Deps = { authoring: Pick<ReturnType<typeof createAuthoring>, 'put'>; judges: Judges }

const IfMatch = Type.String({
  maxLength: 1_000,
  description:
    'The `ETag` of the structure that was read and changed. When it is another one by now, 412; left out or `*`, any.',
})

/** A long course with its solutions: some megabytes of JSON. */
const BODY_LIMIT = 16 * 1024 * 1024

export function putStructureRoute(api: Api, { authoring, judges }: Deps) {
  api.put(
    '/courses/:courseId/structure',
    {
      bodyLimit: BODY_LIMIT,
      schema: {
        operationId: 'putStructure',
        summary: "Put the author's own structure in place",
        description:
          'Takes what `GET /courses/{id}` shows: read-only fields are ignored, ids that are given are kept, what has none is new. Makes a new version.',
        tags: ['structure'],
        params: CourseParams,
        headers: Type.Object({ 'if-match': Type.Optional(IfMatch) }),
        body: CourseInput,
        response: { 200: CourseDetailBody },
      },
      config: {
        access: 'prep',
        answers: { ETag },
        failures: [courseNotFound, versionChanged, exerciseExternalIdTaken],
      },
    },
    async ({ caller, params, headers, body }, reply) => {
      const detail = await authoring.put(caller, params.courseId, courseFrom(body), versionsIn(headers['if-match']))
      reply.header('etag', etagOf(detail))
      return presentDetail(detail, await judges(caller))
    },
  )
}
