import { Type } from 'typebox'
import { type Api, ExternalId, Input, PageQuery, pageRequest } from '#platform/http/index.ts'
import type { createCourses } from '../courses.ts'
import { CoursePage, presentCourse } from '../schemas.ts'

type Deps = { courses: Pick<ReturnType<typeof createCourses>, 'list'> }

export function listCoursesRoute(api: Api, { courses }: Deps) {
  api.get(
    '/courses',
    {
      schema: {
        operationId: 'listCourses',
        summary: 'List courses, newest first',
        tags: ['courses'],
        querystring: Input({ ...PageQuery, external_id: Type.Optional(ExternalId) }),
        response: { 200: CoursePage },
      },
      config: { access: 'any' },
    },
    async ({ caller, query }) => {
      const { items, nextCursor } = await courses.list(caller, pageRequest(query), query.external_id)
      return { items: items.map(presentCourse), next_cursor: nextCursor }
    },
  )
}
