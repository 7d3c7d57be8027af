import { courseOfExercise, findShownExercise } from '#features/structure/index.ts'
import type { Caller } from '#kernel/caller.ts'
import type { Database } from '#platform/db/database.ts'
import type { Settle } from '#platform/db/settle.ts'
import { newId } from '#platform/ids/index.ts'
import type { Queue } from '#platform/queue/index.ts'
import { exerciseNotFound } from '../failures.ts'
import { isKeyed, judgedOf, measureOf, requireMeasure } from '../judged-exercise.ts'
import { type ModelDeps, requireModels } from '../require-models.ts'
import { keepCourse } from '../submissions-store.ts'
import { regradeExercise } from './regrade-kind.ts'

type Deps = ModelDeps & { db: Pick<Database, 'forTenant'>; queue: Pick<Queue, 'add' | 'findActive'> }

/**
 * Starts grading an exercise's submissions anew; returns the id of the job, the running one's if there is one for the exercise as it is. Throws
 * the Failures `exercise.not_found`, `exercise.not_gradable`, `llm.not_configured`, `budget.exceeded` and `queue.full`.
 */
export function createRegrades({ db, queue, ...models }: Deps) {
  return ({ tenantId }: Caller, exerciseId: string, settle: Settle<string>): Promise<string> =>
    db.forTenant(tenantId, async (tx) => {
      const courseId = await courseOfExercise(tx, exerciseId)
      if (courseId === undefined) throw exerciseNotFound()
      await keepCourse(tx, courseId)
      const shown = await findShownExercise(tx, courseId, exerciseId)
      if (shown === undefined) throw exerciseNotFound()
      const exercise = judgedOf(shown.exercise)
      requireMeasure(exercise)
      const { id } = shown.exercise
      const measure = measureOf(exercise)
      const dedupeKey = `regrade ${id} ${measure.slice(0, 16)}`
      const running = await queue.findActive(tx, tenantId, dedupeKey)
      if (running === undefined && !isKeyed(exercise)) await requireModels(tx, models)
      const payload = { exerciseId: id, measure, until: newId() }
      const job = running ?? (await queue.add(tx, regradeExercise, { tenantId, courseId, payload, dedupeKey })).id
      await settle(tx, job)
      return job
    })
}
