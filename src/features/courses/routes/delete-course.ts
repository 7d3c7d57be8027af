import { type Api, Empty } from '#platform/http/index.ts'
import type { createCourses } from '../courses.ts'
import { courseNotFound } from '../failures.ts'
import { CourseParams } from '../schemas.ts'

type Deps = { courses: Pick<ReturnType<typeof createCourses>, 'delete'> }

export function deleteCourseRoute(api: Api, { courses }: Deps) {
  api.delete(
    '/courses/:courseId',
    {
      schema: {
        operationId: 'deleteCourse',
        summary: 'Delete a course with its materials and structure',
        tags: ['courses'],
        params: CourseParams,
        response: { 204: Empty },
      },
      config: { access: 'prep', failures: [courseNotFound] },
    },
    async ({ caller, params }, reply) => {
      await courses.delete(caller, params.courseId)
      return reply.code(204).send(null)
    },
  )
}
