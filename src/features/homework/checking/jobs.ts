import type { Ledgers } from '#features/usage/index.ts'
import { Failure } from '#kernel/failure.ts'
import { jobHandler, type RunningJob } from '#platform/queue/index.ts'
import type { Submission } from '../submission.ts'
import { changeStatus, endSubmission, findSubmission, saveText } from '../submissions-store.ts'
import type { Deps as BuyDeps } from './buy.ts'
import { type CheckOne, keepCheck, rejectedBy } from './check-one.ts'
import { checkSubmission } from './kind.ts'

/** The text of a file that was handed in, or why it is none that can be judged: a code and a sentence that the student may read. */
export type ReadAnswer = (file: {
  tenantId: string
  submission: Submission
  signal: AbortSignal
}) => Promise<{ text: string } | Unreadable>

type Deps = Pick<BuyDeps, 'db'> & {
  ledgers: Pick<Ledgers, 'settleLost'>
  checkOne: CheckOne
  readAnswer: ReadAnswer
}

type Unreadable = { rejected: { code: string; message: string } }

const SKIPPED = { skipped: true }

type Job = RunningJob<{ submissionId: string }>

/**
 * The handler of `check_submission`. What models answered to an attempt before is not bought again. A submission that is gone, or that a
 * person has judged meanwhile, ends it quietly.
 */
export function checkHandler({ db, ledgers, checkOne, readAnswer }: Deps) {
  return jobHandler(checkSubmission, (job: Job) => unlessGone(() => run(job)), {
    failed: (tx, { payload: { submissionId } }, error) =>
      endSubmission(tx, submissionId, { status: 'error', result: null, error }),
  })

  async function run({ id: jobId, tenantId, payload: { submissionId }, signal }: Job): Promise<object> {
    await ledgers.settleLost(tenantId, jobId)
    const found = await db.forTenant(tenantId, async (tx) => {
      const isOurs = await changeStatus(tx, submissionId, ['queued', 'checking'], 'checking')
      return isOurs ? findSubmission(tx, submissionId) : undefined
    })
    if (found === undefined) return SKIPPED
    const submission = await withText(tenantId, found, signal)
    const checked =
      'rejected' in submission
        ? rejectedBy(found, submission.rejected)
        : await checkOne({ tenantId, submission, jobId, signal })
    const kept = await db.forTenant(tenantId, (tx) => keepCheck(tx, { tenantId, submission: found, checked }))
    return kept ? { status: checked.ending.status } : SKIPPED
  }

  async function withText(
    tenantId: string,
    submission: Submission,
    signal: AbortSignal,
  ): Promise<Submission | Unreadable> {
    if (submission.answer !== null) return submission
    const read = await readAnswer({ tenantId, submission, signal })
    if ('rejected' in read) return read
    // Kept, so that it is read once, and a person sees what was judged.
    const answer = read.text.replaceAll('\0', '').toWellFormed()
    await db.forTenant(tenantId, (tx) => saveText(tx, submission.id, answer))
    return { ...submission, answer }
  }
}

async function unlessGone(work: () => Promise<object>): Promise<object> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof Failure && error.code === 'submission.not_found') return SKIPPED
    throw error
  }
}
