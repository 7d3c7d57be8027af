import type { TenantTx } from '#platform/db/database.ts'
import { newId } from '#platform/ids/index.ts'
import { endAndAnnounce } from './ending.ts'
import { exerciseNotGradable } from './failures.ts'
import { agreesWithKey } from './grading/answer-key.ts'
import { languageOf } from './grading/language.ts'
import { scoreOf } from './grading/score.ts'
import type { JudgedExercise, Result, Verdict } from './grading/verdict.ts'
import { insertGrading } from './gradings-store.ts'
import type { Submission } from './submission.ts'

/** Grades a submission by its exercise's key, in the transaction that takes it: done at once, and for nothing. */
export async function gradeByKey(tx: TenantTx, tenantId: string, submission: Submission): Promise<Submission> {
  const { id, courseId } = submission
  const { result, verdicts } = keyedResult(submission)
  const ended = await endAndAnnounce(tx, tenantId, id, { status: 'done', result })
  const about = { id: newId(), tenantId, courseId, submissionId: id }
  await insertGrading(tx, { ...about, kind: 'answer_key', status: 'done', result, verdicts })
  return ended ?? submission
}

/** What the key says, without giving it away. Throws the Failure `exercise.not_gradable`. */
export function keyedResult({ exercise, answer, language }: Pick<Submission, 'exercise' | 'answer' | 'language'>): {
  result: Result
  verdicts: Verdict[]
} {
  const agrees = answer === null ? undefined : agreement(exercise, answer)
  if (agrees === undefined) throw exerciseNotGradable()
  const words = WORDS[languageOf(language, `${exercise.description} ${answer}`)]
  const verdict: Verdict = {
    id: 'answer',
    criterion: words.criterion,
    weight: 1,
    required: true,
    met: agrees ? 'met' : 'not_met',
    quote: null,
    comment: agrees ? words.right : words.wrong,
    changed: null,
  }
  const { changed: _, ...criterion } = verdict
  const result: Result = {
    ...scoreOf([verdict], exercise.passScore),
    criteria: [criterion],
    feedback: verdict.comment,
    strengths: [],
    recommendations: [],
    graded_by: { kind: 'answer_key', model: null, prompt_version: null },
  }
  return { result, verdicts: [verdict] }
}

const agreement = ({ kind, answerKey }: JudgedExercise, answer: NonNullable<Submission['answer']>) =>
  kind === 'open' ? undefined : agreesWithKey(kind, answerKey, answer)

const WORDS = {
  uk: {
    criterion: 'Відповідь збігається з правильною.',
    right: 'Правильно.',
    wrong: 'Неправильно. Перегляньте урок і спробуйте ще раз.',
  },
  en: {
    criterion: 'The answer agrees with the key.',
    right: 'Correct.',
    wrong: 'Not correct. Look at the lesson again and have another try.',
  },
}
