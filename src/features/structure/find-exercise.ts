import { requireCourse } from '#features/courses/index.ts'
import type { TenantTx } from '#platform/db/database.ts'
import type { ExerciseNode, LessonNode } from './tree.ts'
import { loadExercises, loadLessons } from './tree-store.ts'

/** An exercise of the version that is shown, with the lesson that it belongs to. */
export type ShownExercise = { version: number; exercise: ExerciseNode; lesson: LessonNode }

/** Undefined when the version that is shown has no such exercise. Throws the Failure `course.not_found`. */
export async function findShownExercise(
  tx: TenantTx,
  courseId: string,
  id: string,
): Promise<ShownExercise | undefined> {
  const { currentVersion: version } = await requireCourse(tx, courseId)
  if (version === null) return undefined
  const [placed] = await loadExercises(tx, { courseId, version }, { ids: [id] })
  if (placed === undefined) return undefined
  const [lesson] = await loadLessons(tx, { courseId, version }, [placed.lessonId])
  return lesson && { version, exercise: placed.exercise, lesson: lesson.lesson }
}

/** A lesson as it was in one version; undefined when that has none of this id. */
export async function findLesson(
  tx: TenantTx,
  { courseId, version, id }: { courseId: string; version: number; id: string },
): Promise<LessonNode | undefined> {
  const [placed] = await loadLessons(tx, { courseId, version }, [id])
  return placed?.lesson
}
