import type { Admission } from '#features/storage/index.ts'
import type { Ledgers } from '#features/usage/index.ts'
import type { Database } from '#platform/db/database.ts'
import type { Extractor } from '#platform/extract/index.ts'
import type { Api, Once } from '#platform/http/index.ts'
import type { Llm, Prompt } from '#platform/llm/index.ts'
import type { Log } from '#platform/log/index.ts'
import type { ObjectStore } from '#platform/objects/index.ts'
import type { Cursors } from '#platform/paging/index.ts'
import type { JobHandler, Queue } from '#platform/queue/index.ts'
import { createFileHandIn } from './answer-files/hand-in-file.ts'
import { createAnswerReader } from './answer-files/read-answer.ts'
import { createChecker } from './checking/check-one.ts'
import { checkHandler } from './checking/jobs.ts'
import { createHandIn } from './hand-in.ts'
import { createQuality } from './reviewing/quality.ts'
import { createRegrades } from './reviewing/regrade.ts'
import { regradeHandler } from './reviewing/regrade-job.ts'
import { createReviews } from './reviewing/review.ts'
import { gradingQualityRoute } from './reviewing/routes/grading-quality.ts'
import { regradeExerciseRoute } from './reviewing/routes/regrade.ts'
import { reviewSubmissionRoute } from './reviewing/routes/review.ts'
import { checkHomeworkRoute } from './routes/check-homework.ts'
import { getSubmissionRoute, listSubmissionsRoute, retrySubmissionRoute } from './routes/submissions.ts'
import { createSubmissions } from './submissions.ts'

export { StudentId } from './schemas.ts'

type ApiDeps = {
  db: Pick<Database, 'forTenant'>
  queue: Queue
  cursors: Cursors
  once: Once
  llm: Llm
  ledgers: Ledgers
  objects: ObjectStore
  log: Log
  /** Who may send a file now. */
  admission: Admission
  /** Milliseconds for which a file may be silent. */
  stallMs?: number
}

const STALL_MS = 60_000

/** Students' answers: taken, checked, reviewed. */
export function homeworkFeature({ db, queue, cursors, once, llm, ledgers, ...deps }: ApiDeps) {
  const { objects, log, admission, stallMs = STALL_MS } = deps
  const handIn = createHandIn({ db, queue, llm, ledgers })
  const files = createFileHandIn({ db, objects, admission, log, handIn, llm, ledgers })
  const review = createReviews({ db })
  const regrade = createRegrades({ db, queue, llm, ledgers })
  const quality = createQuality({ db, cursors })
  const submissions = createSubmissions({ db, queue, cursors })
  return {
    async routes(api: Api) {
      await checkHomeworkRoute(api, { handIn, files, submissions, once, stallMs })
      for (const route of [listSubmissionsRoute, getSubmissionRoute, retrySubmissionRoute])
        route(api, { submissions, once })
      reviewSubmissionRoute(api, { review, once })
      regradeExerciseRoute(api, { regrade, once })
      gradingQualityRoute(api, { quality })
    },
  }
}

type WorkDeps = {
  db: Pick<Database, 'forTenant'>
  objects: Pick<ObjectStore, 'get'>
  extractor: Pick<Extractor, 'extract'>
  models: { llm: Llm; ledgers: Ledgers }
  prompts: ReadonlyMap<string, Prompt>
}

/** The background half: checking what was handed in, and grading it anew. */
export function homeworkWork({ db, objects, extractor, models: { llm, ledgers }, prompts }: WorkDeps): {
  handlers: JobHandler[]
} {
  const checkOne = createChecker({ db, llm, ledgers, prompts })
  const readAnswer = createAnswerReader({ objects, extractor })
  const work = { db, ledgers, checkOne, readAnswer }
  return { handlers: [checkHandler(work), regradeHandler(work)] }
}
