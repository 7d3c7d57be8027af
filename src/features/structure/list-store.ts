import { type SqlBool, sql } from 'kysely'
import type { TenantTx } from '#platform/db/database.ts'
import type { ExerciseKind } from './tree.ts'
import { anyOf, externalIdsOf, loadExercises, type PlacedExercise, type VersionPlace } from './tree-store.ts'

export type LessonSummary = {
  id: string
  moduleId: string
  title: string
  order: number
  exercises: { id: string; kind: ExerciseKind; externalId: string | null }[]
}

/** Which part of a list: it leaves out `skip` and ends after `limit`. */
export type Slice = { skip: number; limit: number }

/** Lessons of one version in the order of the course. */
export async function listLessons(tx: TenantTx, of: VersionPlace, { skip, limit }: Slice): Promise<LessonSummary[]> {
  const lessons = (await lessonsInOrder(tx, of)).slice(skip, skip + limit)
  const rows = await tx
    .selectFrom('exercise_versions')
    .select(['id', 'lesson_id', 'kind'])
    .where(inVersion(of))
    .where('lesson_id', '=', anyOf(lessons.map(({ id }) => id)))
    .orderBy('ord')
    .execute()
  const externalIds = await externalIdsOf(
    tx,
    rows.map(({ id }) => id),
  )
  const exercises = Map.groupBy(rows, (row) => row.lesson_id)
  return lessons.map((lesson) => ({
    ...lesson,
    exercises: (exercises.get(lesson.id) ?? []).map(({ id, kind }) => ({
      id,
      kind: kind as ExerciseKind,
      externalId: externalIds.get(id) ?? null,
    })),
  }))
}

/** Exercises of one version in the order of the course: all, or the one with the external id. */
export async function listExercises(
  tx: TenantTx,
  of: VersionPlace,
  { skip, limit, externalId }: Slice & { externalId: string | undefined },
): Promise<PlacedExercise[]> {
  const named =
    externalId === undefined
      ? undefined
      : await tx.selectFrom('exercises').select('id').where('external_id', '=', externalId).executeTakeFirst()
  if (externalId !== undefined && named === undefined) return []
  const rows = await tx
    .selectFrom('exercise_versions')
    .select(['id', 'lesson_id'])
    .where(inVersion(of))
    .$if(named !== undefined, (query) => query.where('id', '=', named?.id ?? ''))
    .orderBy('ord')
    .execute()
  const byLesson = Map.groupBy(rows, (row) => row.lesson_id)
  const inOrder = (await lessonsInOrder(tx, of)).flatMap(({ id }) => byLesson.get(id) ?? [])
  const ids = inOrder.slice(skip, skip + limit).map(({ id }) => id)
  const whole = new Map((await loadExercises(tx, of, { ids })).map((placed) => [placed.exercise.id, placed]))
  return ids.flatMap((id) => whole.get(id) ?? [])
}

async function lessonsInOrder(tx: TenantTx, of: VersionPlace) {
  const modules = await tx.selectFrom('modules').select('id').where(inVersion(of)).orderBy('ord').execute()
  const rows = await tx
    .selectFrom('lessons')
    .select(['id', 'module_id as moduleId', 'title', 'ord as order'])
    .where(inVersion(of))
    .orderBy('ord')
    .execute()
  const byModule = Map.groupBy(rows, ({ moduleId }) => moduleId)
  return modules.flatMap(({ id }) => byModule.get(id) ?? [])
}

const inVersion = ({ courseId, version }: VersionPlace) =>
  sql<SqlBool>`course_id = ${courseId}::uuid AND version = ${version}`
