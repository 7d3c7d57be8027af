import { CourseParams, courseNotFound } from '#features/courses/index.ts'
import { type Api, Input, PageQuery, pageRequest } from '#platform/http/index.ts'
import type { createQuality } from '../quality.ts'
import { GradingQualityPage, presentQuality } from '../schemas.ts'

type Deps = { quality: ReturnType<typeof createQuality> }

export function gradingQualityRoute(api: Api, { quality }: Deps) {
  api.get(
    '/courses/:courseId/grading-quality',
    {
      schema: {
        operationId: 'gradingQuality',
        summary: 'How often people disagreed with the grading, by criterion',
        description:
          "Of the exercises that have reviews, newest first: the latest verdict of a model, or of code with a key, beside the latest person's.",
        tags: ['homework'],
        params: CourseParams,
        querystring: Input(PageQuery),
        response: { 200: GradingQualityPage },
      },
      config: { access: 'check', failures: [courseNotFound] },
    },
    async ({ caller, params, query }) => {
      const { items, nextCursor } = await quality(caller, params.courseId, pageRequest(query))
      return { items: items.map(presentQuality), next_cursor: nextCursor }
    },
  )
}
