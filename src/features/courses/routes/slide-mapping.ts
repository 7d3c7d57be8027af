import { type Api, Empty, Input, type Once, PageQuery, pageRequest } from '#platform/http/index.ts'
import { courseNotFound, slideMapped } from '../failures.ts'
import {
  CourseParams,
  CreatedSlideMappings,
  NewSlideMappings,
  presentSlideMapping,
  SlideMappingFilter,
  SlideMappingPage,
} from '../schemas.ts'
import type { createSlideMappings, SlideMapping } from '../slide-mappings.ts'

type Deps = { slideMappings: ReturnType<typeof createSlideMappings>; once: Once }

export function addSlideMappingsRoute(api: Api, { slideMappings, once }: Deps) {
  api.post(
    '/courses/:courseId/slide-mapping',
    {
      schema: {
        operationId: 'addSlideMappings',
        summary: 'Say which slide is shown at which moment',
        description: 'All or nothing. A slide is mapped once per presentation.',
        tags: ['courses'],
        params: CourseParams,
        body: NewSlideMappings,
        response: { 201: CreatedSlideMappings },
      },
      config: { access: 'prep', idempotent: true, failures: [courseNotFound, slideMapped] },
    },
    (request, reply) => {
      const { courseId } = request.params
      const given = request.body.mappings.map((mapping) => ({
        slideNumber: mapping.slide_number,
        videoTimecode: mapping.video_timecode,
        presentationId: mapping.presentation_id?.toLowerCase() ?? null,
        videoId: mapping.video_id?.toLowerCase() ?? null,
      }))
      return once<SlideMapping[]>(request, reply, {
        work: (settle) => slideMappings.add(request.caller, courseId, given, settle),
        answer: (mappings) => ({
          status: 201,
          location: `/api/v1/courses/${courseId}/slide-mapping`,
          body: { created: mappings.length, mappings: mappings.map(presentSlideMapping) },
        }),
      })
    },
  )
}

export function listSlideMappingsRoute(api: Api, { slideMappings }: Deps) {
  api.get(
    '/courses/:courseId/slide-mapping',
    {
      schema: {
        operationId: 'listSlideMappings',
        summary: 'List slide mappings, newest first',
        tags: ['courses'],
        params: CourseParams,
        querystring: Input(PageQuery),
        response: { 200: SlideMappingPage },
      },
      config: { access: 'prep', failures: [courseNotFound] },
    },
    async ({ caller, params, query }) => {
      const { items, nextCursor } = await slideMappings.list(caller, params.courseId, pageRequest(query))
      return { items: items.map(presentSlideMapping), next_cursor: nextCursor }
    },
  )
}

export function clearSlideMappingsRoute(api: Api, { slideMappings }: Deps) {
  api.delete(
    '/courses/:courseId/slide-mapping',
    {
      schema: {
        operationId: 'clearSlideMappings',
        summary: 'Remove all slide mappings of a course, or one slide’s',
        tags: ['courses'],
        params: CourseParams,
        querystring: SlideMappingFilter,
        response: { 204: Empty },
      },
      config: { access: 'prep', failures: [courseNotFound] },
    },
    async ({ caller, params, query }, reply) => {
      await slideMappings.clear(caller, params.courseId, query.slide_number)
      return reply.code(204).send(null)
    },
  )
}
