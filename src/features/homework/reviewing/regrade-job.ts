import { isDeepStrictEqual } from 'node:util'
import { findShownExercise } from '#features/structure/index.ts'
import type { Ledgers } from '#features/usage/index.ts'
import type { TenantTx } from '#platform/db/database.ts'
import { jobHandler, type RunningJob } from '#platform/queue/index.ts'
import { announceSubmission } from '../ending.ts'
import { fingerprintOf } from '../fingerprint.ts'
import type { JudgedExercise, Result } from '../grading/verdict.ts'
import { insertGrading } from '../gradings-store.ts'
import { judgedOf, measureOf } from '../judged-exercise.ts'
import type { Ending, Submission } from '../submission.ts'
import { findSubmission, lockSubmission } from '../submissions-store.ts'
import { type Anew, createJudge, isGone, type JudgeDeps } from './judge-anew.ts'
import { type RegradePayload, regradeExercise } from './regrade-kind.ts'
import type { Outcome } from './regrade-store.ts'
import * as store from './regrade-store.ts'

type Deps = JudgeDeps & { ledgers: Pick<Ledgers, 'settleLost'> }

type Job = RunningJob<RegradePayload>

/** Submissions that are judged at once. */
const AT_ONCE = 3
const BATCH = 200

const SKIPPED = { skipped: true }
const SUPERSEDED = 'The exercise is another by now.'

/**
 * The handler of `regrade_exercise`. Each submission notes which job is through with it, so an interrupted one goes on where it was, and what
 * models have answered is not bought again. It ends early when the exercise is changed meanwhile.
 */
export function regradeHandler({ ledgers, ...deps }: Deps) {
  const { db } = deps
  const judgeAnew = createJudge(deps)

  return jobHandler(regradeExercise, async (job: Job) => {
    const { id: jobId, tenantId, courseId, payload } = job
    // The row of a job goes on without its course.
    if (courseId === null) return SKIPPED
    await ledgers.settleLost(tenantId, jobId)
    const batch = { courseId, jobId, exerciseId: payload.exerciseId, until: payload.until }
    try {
      const superseded = await all(job, batch)
      const counts = await db.forTenant(tenantId, (tx) => store.countOutcomes(tx, batch))
      return superseded ? { ...counts, superseded } : counts
    } catch (error) {
      if (isGone(error)) return SKIPPED
      throw error
    }
  })

  /** True when the exercise was changed meanwhile. */
  async function all(job: Job, batch: store.Batch): Promise<boolean> {
    const { tenantId, progress } = job
    const { all: total, regraded } = await db.forTenant(tenantId, (tx) => store.countSubmissions(tx, batch))
    const stop = new AbortController()
    const signal = AbortSignal.any([job.signal, stop.signal])
    const ids = idsOf(tenantId, batch)
    let done = regraded
    const line = async () => {
      for await (const id of ids) {
        signal.throwIfAborted()
        await one({ ...job, signal }, { ...batch, id })
        done += 1
        progress(done / Math.max(total, 1))
      }
    }
    // The first that fails ends the others; none is left running.
    const lines = Array.from({ length: AT_ONCE }, () => line().catch((error: unknown) => void stop.abort(error)))
    await Promise.all(lines)
    job.signal.throwIfAborted()
    const { reason } = stop.signal
    if (stop.signal.aborted && !isSuperseded(reason)) throw reason
    return isSuperseded(reason)
  }

  async function* idsOf(tenantId: string, batch: store.Batch): AsyncGenerator<string> {
    for (let after: string | undefined; ; ) {
      const order = { ...batch, after, limit: BATCH }
      const ids = await db.forTenant(tenantId, (tx) => store.toRegrade(tx, order))
      yield* ids
      if (ids.length < BATCH) return
      after = ids.at(-1)
    }
  }

  async function one({ tenantId, payload, signal }: Job, { id, courseId, jobId }: store.Batch & { id: string }) {
    const current = (tx: TenantTx) => requireCurrent(tx, courseId, payload)
    const begun = await db.forTenant(tenantId, async (tx) => ({
      exercise: await current(tx),
      submission: await findSubmission(tx, id),
    }))
    const { exercise } = begun
    if (begun.submission === undefined || isOnItsWay(begun.submission, payload)) return
    const submission: Submission = { ...begun.submission, exercise }
    const judged = await judgeAnew({ tenantId, submission, jobId, signal }).catch((error: unknown) => {
      if (isGone(error)) return 'gone' as const
      throw error
    })
    if (judged === 'gone') return
    await db.forTenant(tenantId, async (tx) => {
      // What is outdated by now is not written over what is newer.
      await current(tx)
      const before = await lockSubmission(tx, id)
      if (before === undefined) return
      const outcome = outcomeOf(before, judged)
      if (judged !== undefined) await insertGrading(tx, judged.grading)
      await store.saveRegraded(tx, id, {
        ...{ jobId, outcome },
        by: judged && { exercise: judged.exercise, fingerprint: fingerprintFor(before, exercise) },
        // A person's word holds.
        ending: before.review === null ? judged?.ending : undefined,
      })
      const after = outcome === 'regraded' ? await findSubmission(tx, id) : undefined
      if (after !== undefined) await announceSubmission(tx, tenantId, after)
    })
  }
}

/** The exercise as it is shown, if it is the one that was asked for. */
async function requireCurrent(tx: TenantTx, courseId: string, { exerciseId, measure }: RegradePayload) {
  const shown = await findShownExercise(tx, courseId, exerciseId)
  const exercise = shown && judgedOf(shown.exercise)
  if (exercise === undefined || measureOf(exercise) !== measure) throw new Error(SUPERSEDED)
  return exercise
}

const isSuperseded = (error: unknown) => error instanceof Error && error.message === SUPERSEDED

/** Its own check does the same. */
const isOnItsWay = ({ status, exercise }: Submission, { measure }: RegradePayload) =>
  (status === 'queued' || status === 'checking') && measureOf(exercise) === measure

function outcomeOf({ review, status, result }: Submission, judged: Anew | undefined): Outcome {
  if (judged === undefined) return 'failed'
  if (review !== null) return 'reviewed_kept'
  return status === judged.ending.status && isDeepStrictEqual(core(result), core(judged.ending.result))
    ? 'unchanged'
    : 'regraded'
}

const core = (result: Ending['result'] | Result) =>
  result && [
    result.score,
    result.passed,
    result.criteria.map(({ id, met, weight, required }) => [id, met, weight, required]),
  ]

const fingerprintFor = ({ answer, file, language }: Submission, exercise: JudgedExercise) =>
  fingerprintOf({
    ...{ exercise, language },
    ...(file === null ? { answer: answer ?? '' } : { fileSha256: file.sha256 }),
  })
