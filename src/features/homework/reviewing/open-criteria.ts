import type { TenantTx } from '#platform/db/database.ts'
import { sourceOf } from '../checking/criteria.ts'
import { findSplit } from '../checking/criteria-store.ts'
import { languageOf } from '../grading/language.ts'
import type { JudgedExercise } from '../grading/verdict.ts'
import type { Submission } from '../submission.ts'
import type { Open, Texts } from './apply-review.ts'
import { findWord } from './reviews-store.ts'

/** What a person is asked about a submission, and what is known without them. */
export async function openCriteria(
  tx: TenantTx,
  submission: Submission,
): Promise<{ criteria: Open[]; texts: Texts | null }> {
  const { result } = submission
  const word = await findWord(tx, submission)
  if (word !== undefined && word.verdicts.length > 0) {
    // After a grading anew, the exercise as it is now; not as it was when a person spoke last.
    const isJudged = result !== null
    const criteria = word.verdicts.map(({ changed: _, ...verdict }) => ({
      ...verdict,
      met: isJudged ? verdict.met : null,
      model: verdict.met,
    }))
    return { criteria, texts: word.result ?? result }
  }
  if (result !== null) {
    const isPersons = result.graded_by.kind === 'human'
    return { criteria: result.criteria.map((one) => ({ ...one, model: isPersons ? null : one.met })), texts: result }
  }
  const { exercise } = submission
  const own = exercise.criteria.length > 0 ? exercise.criteria : await split(tx, submission)
  const criteria = own ?? [whole(exercise, submission.language)]
  const nothing = { met: null, model: null, quote: null, comment: '' }
  return {
    criteria: criteria.map(({ id, text, weight, required }) => ({ id, criterion: text, weight, required, ...nothing })),
    texts: null,
  }
}

const split = (tx: TenantTx, { exercise, exerciseId }: Submission) =>
  findSplit(tx, { exerciseId, source: sourceOf(exercise) })

/** Where nobody has split the task into criteria yet, a person may still judge the whole. */
const whole = ({ description }: JudgedExercise, language: string | null) => ({
  id: 'answer',
  text: languageOf(language, description) === 'uk' ? 'Відповідь виконує завдання.' : 'The answer fulfils the task.',
  weight: 1,
  required: true,
})
