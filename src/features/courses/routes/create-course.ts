import type { Api, Once } from '#platform/http/index.ts'
import type { Course, createCourses } from '../courses.ts'
import { courseExternalIdTaken } from '../failures.ts'
import { CourseBody, NewCourse, presentCourse } from '../schemas.ts'

type Deps = { courses: Pick<ReturnType<typeof createCourses>, 'create'>; once: Once }

export function createCourseRoute(api: Api, { courses, once }: Deps) {
  api.post(
    '/courses',
    {
      schema: {
        operationId: 'createCourse',
        summary: 'Create a course',
        tags: ['courses'],
        body: NewCourse,
        response: { 201: CourseBody },
      },
      config: { access: 'prep', idempotent: true, failures: [courseExternalIdTaken] },
    },
    (request, reply) => {
      const {
        title,
        description = null,
        learning_goal: learningGoal = null,
        external_id: externalId = null,
      } = request.body
      return once<Course>(request, reply, {
        work: (settle) => courses.create(request.caller, { title, description, learningGoal, externalId }, settle),
        answer: (course) => ({ status: 201, location: `/api/v1/courses/${course.id}`, body: presentCourse(course) }),
      })
    },
  )
}
