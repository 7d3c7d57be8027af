import { findShownExercise } from '#features/structure/index.ts'
import type { Caller } from '#kernel/caller.ts'
import { invalid } from '#kernel/failure.ts'
import type { Database, TenantTx } from '#platform/db/database.ts'
import type { Settle } from '#platform/db/settle.ts'
import { newId } from '#platform/ids/index.ts'
import type { Queue } from '#platform/queue/index.ts'
import { checkSubmission } from './checking/kind.ts'
import { attemptsExceeded, exerciseNotFound } from './failures.ts'
import { fingerprintOf } from './fingerprint.ts'
import { gradeByKey } from './grade-by-key.ts'
import { complaintOf } from './grading/answer-key.ts'
import type { HandedIn, JudgedExercise } from './grading/verdict.ts'
import { isKeyed, judgedOf, requireMeasure } from './judged-exercise.ts'
import { type ModelDeps, requireModels } from './require-models.ts'
import type { AnswerFile, Submission } from './submission.ts'
import * as store from './submissions-store.ts'

/** An answer as it came. Of a file its stored bytes, which are read in the background. */
export type HandIn = {
  studentId: string
  exerciseId: string
  language: string | null
} & ({ answer: HandedIn } | { file: AnswerFile })

/** `duplicate`: the same was handed in before, and this is what became of it. */
export type Accepted = { submission: Submission; duplicate: boolean }

type Deps = ModelDeps & { db: Pick<Database, 'forTenant'>; queue: Pick<Queue, 'add'> }

/**
 * Takes answers to exercises. What has a key is graded at once; the rest waits for its check. The same answer again is the earlier submission,
 * for nothing. Throws the Failures `course.not_found`, `exercise.not_found`, a wrong `answer`, `exercise.not_gradable`, `attempts.exceeded`,
 * `llm.not_configured`, `budget.exceeded` and `queue.full`; then nothing is kept.
 */
export function createHandIn({ db, queue, ...models }: Deps) {
  return async ({ tenantId }: Caller, courseId: string, handIn: HandIn, settle: Settle<Accepted>): Promise<Accepted> =>
    db.forTenant(tenantId, async (tx) => {
      // Before its exercises, as whoever deletes a course does: in another order the two could wait for each other.
      await store.keepCourse(tx, courseId)
      const shown = await findShownExercise(tx, courseId, handIn.exerciseId)
      if (shown === undefined) throw exerciseNotFound()
      const exercise: JudgedExercise = judgedOf(shown.exercise)
      requireForm(exercise, handIn)
      const isByKey = isKeyed(exercise)
      const { studentId, language } = handIn
      const who = { tenantId, courseId, exerciseId: shown.exercise.id, studentId }
      const fingerprint = fingerprintOf({
        exercise,
        language,
        ...('answer' in handIn ? { answer: handIn.answer } : { fileSha256: handIn.file.sha256 }),
      })
      await store.lockAttempts(tx, who)
      const same = await store.findSame(tx, { ...who, fingerprint })
      if (same !== undefined) return accept(tx, { submission: same, duplicate: true }, settle)
      if (!isByKey) await requireModels(tx, models)
      const attempt = await store.takeAttempt(tx, { ...who, max: exercise.maxAttempts })
      if (attempt === undefined) throw attemptsExceeded(exercise.maxAttempts)
      const inserted = await store.insertSubmission(tx, attempt, {
        ...who,
        id: newId(),
        lessonId: shown.lesson.id,
        structureVersion: shown.version,
        answer: 'answer' in handIn ? handIn.answer : null,
        file: 'file' in handIn ? handIn.file : null,
        exercise,
        language,
        fingerprint,
      })
      const submission = isByKey ? await gradeByKey(tx, tenantId, inserted) : inserted
      const accepted = await accept(tx, { submission, duplicate: false }, settle)
      if (!isByKey) {
        await queue.add(tx, checkSubmission, {
          tenantId,
          courseId,
          payload: { submissionId: submission.id },
          dedupeKey: `check ${submission.id}`,
        })
      }
      return accepted
    })
}

async function accept(tx: TenantTx, accepted: Accepted, settle: Settle<Accepted>): Promise<Accepted> {
  await settle(tx, accepted)
  return accepted
}

/** Throws what is wrong with the answer's form, or with the exercise's. */
function requireForm(exercise: JudgedExercise, handIn: HandIn): void {
  if ('file' in handIn) requireFileForm(exercise)
  else {
    const complaint = complaintOf(exercise, handIn.answer)
    if (complaint !== undefined) throw invalid('answer', complaint)
  }
  requireMeasure(exercise)
}

/** Throws a 422 unless a file may answer the exercise. */
export function requireFileForm(exercise: JudgedExercise): void {
  if (isKeyed(exercise)) throw invalid('file', 'is not what this exercise asks for: its answer has a form of its own')
}
