import type { Caller } from '#kernel/caller.ts'
import type { Database } from '#platform/db/database.ts'
import type { Models } from './generating/engines.ts'
import type { ExerciseNode } from './tree.ts'

/** Why nobody could judge an answer, as handing one in would be refused. */
export type Obstacle = { code: 'exercise.not_gradable' | 'llm.not_configured'; message: string }

type Measured = Pick<ExerciseNode, 'kind' | 'answerKey' | 'criteria' | 'gradingCriteria' | 'referenceSolution'>

/** Whether an exercise says what its answers are judged by. */
export const hasMeasure = ({ kind, answerKey, criteria, gradingCriteria, referenceSolution }: Measured): boolean =>
  kind === 'open' ? criteria.length > 0 || gradingCriteria !== null || referenceSolution !== null : answerKey !== null

/** Null when answers can be judged. `byModels`: whether a language model may judge for this tenant. */
export function obstacleOf(exercise: Measured, byModels: boolean): Obstacle | null {
  if (!hasMeasure(exercise))
    // Without the names of what tells an answer: a key without `prep` reads this, too.
    return { code: 'exercise.not_gradable', message: 'It says nothing that answers could be judged by.' }
  if (exercise.kind === 'open' && !byModels)
    return { code: 'llm.not_configured', message: 'No language model is configured that may judge open answers.' }
  return null
}

type Deps = { db: Pick<Database, 'forTenant'>; models: Pick<Models, 'llm' | 'ledgers'> }

/** Tells whether a language model may judge for a caller's tenant. */
export const createJudges =
  ({ db, models: { llm, ledgers } }: Deps) =>
  ({ tenantId }: Pick<Caller, 'tenantId'>): Promise<boolean> =>
    db.forTenant(
      tenantId,
      async (tx) => llm.chain('homework_check', 'default', await ledgers.providersOf(tx)).length > 0,
    )

export type Judges = ReturnType<typeof createJudges>
