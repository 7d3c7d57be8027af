import type { Api } from '#platform/http/index.ts'
import type { createCourses } from '../courses.ts'
import { courseExternalIdTaken, courseNotFound } from '../failures.ts'
import { CourseBody, CourseChanges, CourseParams, presentCourse } from '../schemas.ts'

type Deps = { courses: Pick<ReturnType<typeof createCourses>, 'change'> }

export function changeCourseRoute(api: Api, { courses }: Deps) {
  api.patch(
    '/courses/:courseId',
    {
      schema: {
        operationId: 'changeCourse',
        summary: 'Change a course',
        description: 'Fields that are left out stay as they are; null empties a field.',
        tags: ['courses'],
        params: CourseParams,
        body: CourseChanges,
        response: { 200: CourseBody },
      },
      config: { access: 'prep', failures: [courseNotFound, courseExternalIdTaken] },
    },
    async ({ caller, params, body }) => {
      const { title, description, learning_goal: learningGoal, external_id: externalId } = body
      const changes = {
        ...(title === undefined ? {} : { title }),
        ...(description === undefined ? {} : { description }),
        ...(learningGoal === undefined ? {} : { learningGoal }),
        ...(externalId === undefined ? {} : { externalId }),
      }
      return presentCourse(await courses.change(caller, params.courseId, changes))
    },
  )
}
