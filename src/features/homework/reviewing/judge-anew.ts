import { Failure } from '#kernel/failure.ts'
import type { Database } from '#platform/db/database.ts'
import { newId } from '#platform/ids/index.ts'
import { type CheckOne, gradingOf, rejectedBy } from '../checking/check-one.ts'
import type { ReadAnswer } from '../checking/jobs.ts'
import { keyedResult, surroundingsOf } from '../grade-by-key.ts'
import { complaintOf } from '../grading/answer-key.ts'
import type { JudgedExercise } from '../grading/verdict.ts'
import type { Grading } from '../gradings-store.ts'
import { isKeyed } from '../judged-exercise.ts'
import type { Ending, Submission } from '../submission.ts'
import { saveText } from '../submissions-store.ts'

/** What a submission comes to by the exercise that it is given with; nothing of it is written down. Undefined: it has no form to be judged in. */
export type JudgeAnew = (order: Order) => Promise<Anew | undefined>

type Order = { tenantId: string; submission: Submission; jobId: string; signal: AbortSignal }
export type Anew = { ending: Ending; exercise: JudgedExercise; grading: Grading }

export type JudgeDeps = {
  db: Pick<Database, 'forTenant'>
  checkOne: CheckOne
  readAnswer?: ReadAnswer | undefined
}

export function createJudge({ db, checkOne, readAnswer }: JudgeDeps): JudgeAnew {
  return (order) => (isKeyed(order.submission.exercise) ? byKey(order) : byModel(order))

  async function byKey({ tenantId, submission }: Order): Promise<Anew | undefined> {
    const { id, courseId, exercise, answer } = submission
    if (answer === null || complaintOf(exercise, answer) !== undefined) return undefined
    const surroundings = await db.forTenant(tenantId, (tx) => surroundingsOf(tx, submission))
    const { result, verdicts } = keyedResult(submission, surroundings)
    const about = { id: newId(), tenantId, courseId, submissionId: id }
    const grading: Grading = { ...about, kind: 'answer_key', status: 'done', result, verdicts }
    return { ending: { status: 'done', result }, exercise, grading }
  }

  async function byModel(order: Order): Promise<Anew | undefined> {
    const { tenantId, submission, signal } = order
    const read = await textOf(order)
    signal.throwIfAborted()
    if (read === undefined) return undefined
    const checked =
      typeof read === 'string'
        ? await checkOne({ ...order, submission: { ...submission, answer: read } })
        : rejectedBy(submission, read)
    const { ending, exercise } = checked
    return { ending, exercise, grading: gradingOf(tenantId, submission, checked) }
  }

  /** The text; why a file has none that can be judged; or undefined, as other answers have none. */
  async function textOf({ tenantId, submission, signal }: Order) {
    const { id, answer, file } = submission
    if (answer !== null) return typeof answer === 'string' ? answer : undefined
    if (file === null || readAnswer === undefined) return undefined
    const read = await readAnswer({ tenantId, submission, signal }).catch((error: unknown) => {
      // A file that is lost holds up nobody else's answer.
      if (error instanceof Failure && error.kind === 'invalid') return undefined
      throw error
    })
    if (read === undefined) return undefined
    if ('rejected' in read) return read.rejected
    const text = read.text.replaceAll('\0', '').toWellFormed()
    await db.forTenant(tenantId, (tx) => saveText(tx, id, text))
    return text
  }
}

/** What ends a job quietly, for the thing that it is about is gone. */
export const isGone = (error: unknown) =>
  error instanceof Failure && ['submission.not_found', 'course.not_found'].includes(error.code)
