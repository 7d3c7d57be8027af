import { pruneAnswers } from '#features/usage/index.ts'
import type { Database } from '#platform/db/database.ts'
import type { Api, Once } from '#platform/http/index.ts'
import type { Prompt } from '#platform/llm/index.ts'
import type { Cursors } from '#platform/paging/index.ts'
import type { Queue } from '#platform/queue/index.ts'
import { createAuthoring } from './author.ts'
import type { Models } from './generating/engines.ts'
import { createEstimator } from './generating/estimate.ts'
import { createGenerator } from './generating/generate.ts'
import { structureHandler } from './generating/jobs.ts'
import { createJudges } from './gradable.ts'
import { createReading } from './reading.ts'
import { type BudgetOf, estimateStructureRoute } from './routes/estimate-structure.ts'
import { changeExerciseRoute, listExercisesRoute } from './routes/exercises.ts'
import { generateStructureRoute } from './routes/generate-structure.ts'
import { getCourseRoute } from './routes/get-course.ts'
import { getLessonRoute, listLessonsRoute } from './routes/lessons.ts'
import { putStructureRoute } from './routes/put-structure.ts'
import type { StructureEngine } from './tree.ts'

export { createBackgroundOutline } from './background-outline.ts'
export { exerciseNotFound } from './failures.ts'
export { findLesson, findShownExercise, type ShownExercise } from './find-exercise.ts'
export { type Architect, type Models, STRATEGIES } from './generating/engines.ts'
export { hasMeasure } from './gradable.ts'
export { type LessonSummary, listLessons } from './list-store.ts'
export { courseOfExercise } from './store.ts'
export type { AnswerKey, Criterion, ExerciseKind, ExerciseNode, LessonNode } from './tree.ts'

/** The engine that asks language models, with these prompts, and what counts the calls that it would make. */
export async function openArchitect(
  prompts: ReadonlyMap<string, Prompt>,
): Promise<Pick<Models, 'architect' | 'countCalls'>> {
  const [{ createArchitect }, { createCallCounter }] = await Promise.all([
    import('./architect/index.ts'),
    import('./generating/background-estimate.ts'),
  ])
  const architect = createArchitect({ prompts })
  return { architect, countCalls: createCallCounter(architect, prompts) }
}

type ApiDeps = {
  db: Pick<Database, 'forTenant'>
  queue: Queue
  cursors: Cursors
  once: Once
  models: Models
  /** What is left for language models. */
  budgetOf: BudgetOf
  now: () => Date
}

/** Materials become modules, lessons and concepts; authors change them; everyone reads them. */
export function structureFeature({ db, queue, cursors, once, models, budgetOf, now }: ApiDeps) {
  const reading = createReading({ db, cursors })
  const authoring = createAuthoring({ db })
  const generator = createGenerator({ db, queue, models })
  const estimator = createEstimator({ db, models, now })
  const judges = createJudges({ db, models })
  return {
    routes(api: Api) {
      getCourseRoute(api, { reading, judges })
      generateStructureRoute(api, { generator, once })
      estimateStructureRoute(api, { estimator, budgetOf })
      putStructureRoute(api, { authoring, judges })
      listLessonsRoute(api, { reading })
      getLessonRoute(api, { reading, judges })
      listExercisesRoute(api, { reading, authoring, judges })
      changeExerciseRoute(api, { reading, authoring, judges })
    },
  }
}

type WorkDeps = { db: Pick<Database, 'forTenant' | 'asOperator'>; outline: StructureEngine; models: Models }

const KEPT_DAYS = 90
const PRUNED_AT_ONCE = 5_000

/** The background half: generating, and forgetting what was bought long ago. */
export function structureWork({ db, ...deps }: WorkDeps) {
  return {
    handlers: [structureHandler({ db, ...deps })],
    /** Deletes answers of language models that are older than 90 days; returns how many. */
    pruneAnswers: () =>
      db.asOperator('forgets old answers', (tx) => pruneAnswers(tx, { days: KEPT_DAYS, limit: PRUNED_AT_ONCE })),
  }
}
