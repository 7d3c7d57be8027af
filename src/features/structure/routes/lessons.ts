import { CourseParams, courseNotFound } from '#features/courses/index.ts'
import { type Api, Id, Input, PageQuery, pageRequest } from '#platform/http/index.ts'
import { lessonNotFound } from '../failures.ts'
import type { Judges } from '../gradable.ts'
import { presentLesson, presentLessonSummary } from '../present.ts'
import type { createReading } from '../reading.ts'
import { LessonBody, LessonPage } from '../schemas.ts'

type Deps = { reading: Pick<ReturnType<typeof createReading>, 'lessons' | 'lesson'> }

export function listLessonsRoute(api: Api, { reading }: Deps) {
  api.get(
    '/courses/:courseId/lessons',
    {
      schema: {
        operationId: 'listLessons',
        summary: 'List the lessons of a course, in their order',
        description:
          'In the order of the course, module by module; `order` is the place within the module and begins at 1 in each.',
        tags: ['courses'],
        params: CourseParams,
        querystring: Input(PageQuery),
        response: { 200: LessonPage },
      },
      config: { access: 'any', failures: [courseNotFound] },
    },
    async ({ caller, params, query }) => {
      const { items, nextCursor } = await reading.lessons(caller, params.courseId, pageRequest(query))
      return { items: items.map(presentLessonSummary), next_cursor: nextCursor }
    },
  )
}

export function getLessonRoute(api: Api, { reading, judges }: Deps & { judges: Judges }) {
  api.get(
    '/courses/:courseId/lessons/:lessonId',
    {
      schema: {
        operationId: 'getLesson',
        summary: 'A lesson with its concepts and exercises',
        description: 'A key without `prep` sees no solutions, criteria or answer keys.',
        tags: ['courses'],
        params: Input({ courseId: Id, lessonId: Id }),
        response: { 200: LessonBody },
      },
      config: { access: 'any', failures: [courseNotFound, lessonNotFound] },
    },
    async ({ caller, params }) =>
      presentLesson(await reading.lesson(caller, params.courseId, params.lessonId), {
        withSolutions: caller.scopes.includes('prep'),
        byModels: await judges(caller),
      }),
  )
}
