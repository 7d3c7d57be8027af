import { Type } from 'typebox'
import { CourseParams, courseNotFound } from '#features/courses/index.ts'
import { type Api, ExternalId, Id, Input, PageQuery, pageRequest } from '#platform/http/index.ts'
import type { createAuthoring } from '../author.ts'
import { exerciseExternalIdTaken, exerciseNotFound } from '../failures.ts'
import type { Judges } from '../gradable.ts'
import { changesFrom, ExerciseChanges } from '../input-schemas.ts'
import { presentPlacedExercise } from '../present.ts'
import type { createReading } from '../reading.ts'
import { ExercisePage, PlacedExerciseBody } from '../schemas.ts'

type Deps = {
  reading: Pick<ReturnType<typeof createReading>, 'exercises'>
  authoring: Pick<ReturnType<typeof createAuthoring>, 'changeExercise'>
  judges: Judges
}

export function listExercisesRoute(api: Api, { reading, judges }: Deps) {
  api.get(
    '/courses/:courseId/exercises',
    {
      schema: {
        operationId: 'listExercises',
        summary: 'List the exercises of a course, in their order',
        description:
          'A language model writes some for every lesson; authors put their own with `PUT …/structure`. The `outline` engine makes none rather than invent them.',
        tags: ['structure'],
        params: CourseParams,
        querystring: Input({ ...PageQuery, external_id: Type.Optional(ExternalId) }),
        response: { 200: ExercisePage },
      },
      config: { access: 'prep', failures: [courseNotFound] },
    },
    async ({ caller, params, query }) => {
      const { items, nextCursor } = await reading.exercises(
        caller,
        params.courseId,
        pageRequest(query),
        query.external_id,
      )
      const byModels = await judges(caller)
      return { items: items.map((item) => presentPlacedExercise(item, byModels)), next_cursor: nextCursor }
    },
  )
}

export function changeExerciseRoute(api: Api, { authoring, judges }: Deps) {
  api.patch(
    '/exercises/:exerciseId',
    {
      schema: {
        operationId: 'changeExercise',
        summary: 'Change an exercise',
        description: "Makes a new version of the course's structure, which is then the author's.",
        tags: ['structure'],
        params: Input({ exerciseId: Id }),
        body: ExerciseChanges,
        response: { 200: PlacedExerciseBody },
      },
      config: { access: 'prep', failures: [exerciseNotFound, exerciseExternalIdTaken] },
    },
    async ({ caller, params, body }) =>
      presentPlacedExercise(
        await authoring.changeExercise(caller, params.exerciseId, changesFrom(body)),
        await judges(caller),
      ),
  )
}
