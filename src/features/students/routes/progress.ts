import { Readable } from 'node:stream'
import { Type } from 'typebox'
import { type Api, Id, Input, PageQuery, pageRequest, prefersCsv } from '#platform/http/index.ts'
import { courseNotFound, studentNotFound } from '../failures.ts'
import { presentProgress, presentStudent } from '../present.ts'
import type { createProgress } from '../reading.ts'
import { ProgressBody, StudentParams, StudentSummaryPage } from '../schemas.ts'

type Deps = { progress: ReturnType<typeof createProgress> }

export function studentProgressRoute(api: Api, { progress }: Deps) {
  api.get(
    '/students/:studentId/progress',
    {
      schema: {
        operationId: 'getStudentProgress',
        summary: 'How far a student is',
        description:
          'In every course where the student has handed in something, the latest work first (at most 100); `course_id` asks for one. The best attempt counts; a score counts once its check is `done`, so what waits for a review is `in_progress`. Work on an earlier version of the course counts where the exercise is still shown, else it is under `archived`.',
        tags: ['students'],
        params: StudentParams,
        querystring: Input({ course_id: Type.Optional(Id) }),
        response: { 200: ProgressBody },
      },
      config: { access: 'check', failures: [studentNotFound, courseNotFound] },
    },
    async ({ caller, params: { studentId }, query }) =>
      presentProgress(studentId, await progress.ofStudent(caller, studentId, query.course_id?.toLowerCase())),
  )
}

const PAGE = {
  content: {
    'application/json': { schema: StudentSummaryPage },
    'text/csv': {
      schema: Type.String({
        description: 'With `Accept: text/csv`: all students, a line each, with the best score of every exercise.',
      }),
    },
  },
}

export function courseProgressRoute(api: Api, { progress }: Deps) {
  api.get(
    '/courses/:courseId/progress',
    {
      schema: {
        operationId: 'getCourseProgress',
        summary: 'How far the students of a course are',
        description:
          'All who have handed in something, ordered by their ids. `Accept: text/csv` gives them all at once, for a gradebook, with a column for every exercise, named by its `external_id` where it has one.',
        tags: ['students'],
        params: Input({ courseId: Id }),
        querystring: Input(PageQuery),
        response: { 200: PAGE },
      },
      config: { access: 'check', failures: [courseNotFound] },
    },
    async ({ caller, params, query, headers }, reply) => {
      const courseId = params.courseId.toLowerCase()
      if (prefersCsv(headers.accept)) {
        const csv = Readable.from(await progress.gradebook(caller, courseId))
        reply.header('content-disposition', 'attachment; filename="gradebook.csv"').type('text/csv; charset=utf-8')
        return reply.send(csv as never)
      }
      const { items, nextCursor } = await progress.ofCourse(caller, courseId, pageRequest(query))
      return { items: items.map(presentStudent), next_cursor: nextCursor }
    },
  )
}
