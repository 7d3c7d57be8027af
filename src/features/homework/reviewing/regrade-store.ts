import { sql } from 'kysely'
import type { TenantTx } from '#platform/db/database.ts'
import type { JudgedExercise } from '../grading/verdict.ts'
import type { Ending } from '../submission.ts'
import { reasonsOf } from '../submissions-store.ts'

export type Outcome = 'regraded' | 'unchanged' | 'reviewed_kept' | 'failed'

export type Batch = { courseId: string; exerciseId: string; until: string; jobId: string }

/** How many there are in all, and how many of them the job is through with. */
export async function countSubmissions(
  tx: TenantTx,
  { courseId, exerciseId, until, jobId }: Batch,
): Promise<{ all: number; regraded: number }> {
  const { all, regraded } = await tx
    .selectFrom('submissions')
    .select(({ fn }) => [
      fn.countAll<string>().as('all'),
      sql<string>`count(*) FILTER (WHERE regraded ->> 'job_id' = ${jobId})`.as('regraded'),
    ])
    .where('course_id', '=', courseId)
    .where('exercise_id', '=', exerciseId)
    .where('id', '<=', until)
    .executeTakeFirstOrThrow()
  return { all: Number(all), regraded: Number(regraded) }
}

/** Those after `after` that the job is not through with yet, oldest first. */
export async function toRegrade(
  tx: TenantTx,
  { courseId, exerciseId, until, jobId, after, limit }: Batch & { after: string | undefined; limit: number },
): Promise<string[]> {
  const rows = await tx
    .selectFrom('submissions')
    .select('id')
    .where('course_id', '=', courseId)
    .where('exercise_id', '=', exerciseId)
    .where('id', '<=', until)
    .where(sql<boolean>`regraded ->> 'job_id' IS DISTINCT FROM ${jobId}`)
    .$if(after !== undefined, (query) => query.where('id', '>', after ?? ''))
    .orderBy('id')
    .limit(limit)
    .execute()
  return rows.map(({ id }) => id)
}

type Regraded = {
  jobId: string
  outcome: Outcome
  /** How it is judged from now on, with the fingerprint that an equal answer has; undefined where nothing was judged. */
  by?: { exercise: JudgedExercise; fingerprint: string } | undefined
  /** What it came to; undefined where another word holds. */
  ending?: Ending | undefined
}

/** Notes what came of grading a submission anew. */
export async function saveRegraded(tx: TenantTx, id: string, { jobId, outcome, by, ending }: Regraded): Promise<void> {
  const error = ending && 'error' in ending ? ending.error : null
  await tx
    .updateTable('submissions')
    .set({
      regraded: JSON.stringify({ job_id: jobId, outcome }),
      ...(by && { exercise: JSON.stringify(by.exercise), fingerprint: by.fingerprint }),
      ...(ending && {
        status: ending.status,
        result: ending.result === null ? null : JSON.stringify(ending.result),
        ...reasonsOf(ending),
        error_code: error?.code ?? null,
        error_message: error?.message ?? null,
        updated_at: sql`now()`,
        finished_at: sql`now()`,
      }),
    })
    .where('id', '=', id)
    .execute()
}

/** How many submissions of each outcome the job has. */
export async function countOutcomes(tx: TenantTx, { courseId, exerciseId, jobId }: Batch) {
  const rows = await tx
    .selectFrom('submissions')
    .select(({ fn }) => [sql<Outcome>`regraded ->> 'outcome'`.as('outcome'), fn.countAll<string>().as('count')])
    .where('course_id', '=', courseId)
    .where('exercise_id', '=', exerciseId)
    .where(sql<string>`regraded ->> 'job_id'`, '=', jobId)
    .groupBy('outcome')
    .execute()
  const counts: Record<Outcome, number> = { regraded: 0, unchanged: 0, reviewed_kept: 0, failed: 0 }
  for (const { outcome, count } of rows) counts[outcome] = Number(count)
  return counts
}
