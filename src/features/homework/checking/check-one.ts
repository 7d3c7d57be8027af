import { findLesson } from '#features/structure/index.ts'
import { Failure } from '#kernel/failure.ts'
import type { TenantTx } from '#platform/db/database.ts'
import { newId } from '#platform/ids/index.ts'
import { endAndAnnounce } from '../ending.ts'
import { gate, rejectionMessage } from '../grading/gate.ts'
import { languageOf } from '../grading/language.ts'
import type { JudgedExercise, Verdict } from '../grading/verdict.ts'
import { type Grading, insertGrading } from '../gradings-store.ts'
import { reasonOfFailure } from '../review-reasons.ts'
import type { Ending, Submission } from '../submission.ts'
import { saveExercise } from '../submissions-store.ts'
import { type Asked, type Bought, buy, type Deps } from './buy.ts'
import { conclude, leakOf } from './conclude.ts'
import { createCriteria } from './criteria.ts'
import { checkQuestion, feedbackQuestion } from './questions.ts'
import type { FeedbackReply } from './reply-schemas.ts'
import { submissionShelf } from './submission-shelf.ts'

/** How one check ended, and what it rests on. Nothing of it is written down yet. */
export type Checked = {
  ending: Ending
  verdicts: Verdict[]
  kind: 'llm' | 'gate'
  /** With the criteria that it was judged by. */
  exercise: JudgedExercise
  questions: Asked[]
  /** Of the models; a failure where there was no answer to a question. */
  replies: Reply[]
  by: Pick<Bought<unknown>, 'provider' | 'model' | 'promptVersion'> | null
}

export type Reply = { prompt: 'check' | 'feedback'; output: unknown } | { prompt: 'check'; failure: string }

type Order = { tenantId: string; submission: Submission; jobId: string; signal: AbortSignal }

export type CheckOne = (order: Order) => Promise<Checked>

/**
 * Judges an open answer, by the exercise that the submission has. Every question is bought once: asked again about an equal submission it
 * comes to the same, for nothing. Throws the Failures `llm.unavailable`, `llm.not_configured`, `llm.unpriced`, `budget.exceeded`, and
 * `submission.not_found` when it is gone meanwhile.
 */
export function createChecker(deps: Deps): CheckOne {
  const criteriaOf = createCriteria(deps)

  return async ({ tenantId, submission, jobId, signal }) => {
    const { id: submissionId, courseId, exerciseId, language, answer: handedIn } = submission
    if (typeof handedIn !== 'string') throw new TypeError('Only a text can be checked.')
    const gated = gate(handedIn, submission.exercise.description)
    if ('rejected' in gated) return rejectedByGate(submission, gated.rejected)

    const { text: answer, hidden } = gated
    const questions: Asked[] = []
    const place = { tenantId, courseId, submissionId, jobId, signal }
    const order = { ...place, onAsk: (asked: Asked) => void questions.push(asked) }
    const shelf = submissionShelf(place)
    const replies: Reply[] = []
    let { exercise } = submission
    try {
      exercise = { ...exercise, criteria: await criteriaOf(place, exerciseId, exercise) }
      const lesson = await deps.db.forTenant(tenantId, (tx) => lessonOf(tx, submission))
      const checked = await buy(deps, order, checkQuestion({ exercise, lesson, answer, language }), shelf)
      const { output: reply, provider, model, promptVersion } = checked
      replies.push({ prompt: 'check', output: reply })
      const { system, controls, scripts } = checked.asked
      const judging = { exercise, answer, hidden, language, reply, systems: [system], controls, scripts }
      const rewritten = await rewrite(judging)
      if (rewritten !== null) replies.push({ prompt: 'feedback', output: rewritten })
      const gradedBy = { kind: 'llm' as const, model: `${provider}/${model}`, prompt_version: promptVersion }
      const by = { provider, model, promptVersion }
      return {
        ...{ ...conclude({ ...judging, rewritten, gradedBy }), kind: 'llm', exercise },
        ...{ questions, replies, by },
      }
    } catch (error) {
      // Nobody will answer it better: points are never made of that.
      if (!isUseless(error)) throw error
      replies.push({ prompt: 'check', failure: error.code })
      const ending: Ending = { status: 'needs_review', result: null, reasons: [reasonOfFailure(error.code)] }
      return { ending, verdicts: [], kind: 'llm', exercise, questions, replies, by: null }
    }

    /** A feedback that leaks is asked for once more; null when there is no need, or no use. */
    async function rewrite(judging: Parameters<typeof leakOf>[0]): Promise<FeedbackReply | null> {
      const leak = leakOf(judging)
      if (leak === undefined) return null
      try {
        const question = feedbackQuestion({ exercise: judging.exercise, ...leak, language })
        return (await buy(deps, order, question, shelf)).output
      } catch (error) {
        if (isUseless(error)) return null
        throw error
      }
    }
  }
}

const isUseless = (error: unknown): error is Failure =>
  error instanceof Failure && ['llm.malformed', 'llm.refused'].includes(error.code)

/** As it was when the answer was handed in. */
const lessonOf = (tx: TenantTx, { courseId, structureVersion: version, lessonId: id }: Submission) =>
  findLesson(tx, { courseId, version, id })

type Rejected = Extract<ReturnType<typeof gate>, { rejected: unknown }>['rejected']

export function rejectedByGate(submission: Submission, rejected: Rejected): Checked {
  const { exercise, answer, language } = submission
  const message = rejectionMessage(rejected, languageOf(language, `${exercise.description} ${answer}`))
  return rejectedBy(submission, { code: `answer.${rejected}`, message })
}

/** Of what no model has to see. The student may read the message. */
export function rejectedBy({ exercise }: Submission, error: { code: string; message: string }): Checked {
  const ending: Ending = { status: 'rejected', result: null, error }
  return { ending, verdicts: [], kind: 'gate', exercise, questions: [], replies: [], by: null }
}

/** What is kept of a check. */
export function gradingOf(tenantId: string, { courseId, id }: Submission, checked: Checked): Grading {
  const { ending, kind, by, questions, replies, verdicts } = checked
  return {
    ...{ id: newId(), tenantId, courseId, submissionId: id, kind },
    ...(by ?? {}),
    ...{ questions, replies, verdicts, status: ending.status, result: ending.result },
  }
}

/** Writes down how a check ended; false when the submission is gone, or a person was quicker: then nothing is written. */
export async function keepCheck(
  tx: TenantTx,
  { tenantId, submission, checked }: { tenantId: string; submission: Submission; checked: Checked },
): Promise<boolean> {
  const ended = await endAndAnnounce(tx, tenantId, submission.id, checked.ending)
  if (ended === undefined) return false
  await saveExercise(tx, submission.id, checked.exercise)
  await insertGrading(tx, gradingOf(tenantId, submission, checked))
  return true
}
