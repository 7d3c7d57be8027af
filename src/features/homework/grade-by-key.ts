import { requireCourse } from '#features/courses/index.ts'
import { findLesson } from '#features/structure/index.ts'
import type { TenantTx } from '#platform/db/database.ts'
import { newId } from '#platform/ids/index.ts'
import { endAndAnnounce } from './ending.ts'
import { exerciseNotGradable } from './failures.ts'
import { agreesWithKey } from './grading/answer-key.ts'
import { firstInWords, languageOf } from './grading/language.ts'
import { scoreOf } from './grading/score.ts'
import type { JudgedExercise, Result, Verdict } from './grading/verdict.ts'
import { insertGrading } from './gradings-store.ts'
import type { Submission } from './submission.ts'

/** Grades a submission by its exercise's key, in the transaction that takes it: done at once, and for nothing. */
export async function gradeByKey(tx: TenantTx, tenantId: string, submission: Submission): Promise<Submission> {
  const { id, courseId } = submission
  const { result, verdicts } = keyedResult(submission, await surroundingsOf(tx, submission))
  const ended = await endAndAnnounce(tx, tenantId, id, { status: 'done', result })
  const about = { id: newId(), tenantId, courseId, submissionId: id }
  await insertGrading(tx, { ...about, kind: 'answer_key', status: 'done', result, verdicts })
  return ended ?? submission
}

type Keyed = Pick<Submission, 'exercise' | 'answer' | 'language'>

/** What tells the language of an exercise that has no words, nearest first: its lesson and its course. */
export async function surroundingsOf(tx: TenantTx, submission: Submission): Promise<string[]> {
  if (submission.language !== null || firstInWords(wordsOf(submission)) !== undefined) return []
  const { courseId, structureVersion: version, lessonId: id } = submission
  const lesson = await findLesson(tx, { courseId, version, id })
  return [lesson?.title ?? '', (await requireCourse(tx, courseId)).title]
}

/** The task's own words, and of an answer those that the student has written. */
const wordsOf = ({ exercise: { kind, description, options }, answer }: Keyed): string[] => [
  `${description} ${kind === 'short_text' ? answer : ''}`,
  options.map(({ text }) => text).join(' '),
]

/**
 * What the key says, without giving it away, in the language of the task or, where that has no words, of its surroundings. Throws the Failure
 * `exercise.not_gradable`.
 */
export function keyedResult(keyed: Keyed, surroundings: readonly string[]): { result: Result; verdicts: Verdict[] } {
  const { exercise, answer, language } = keyed
  const agrees = answer === null ? undefined : agreement(exercise, answer)
  if (agrees === undefined) throw exerciseNotGradable()
  const words = WORDS[languageOf(language, firstInWords([...wordsOf(keyed), ...surroundings]) ?? '')]
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
