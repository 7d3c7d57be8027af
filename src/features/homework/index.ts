import type { Database } from '#platform/db/database.ts'
import type { Api, Once } from '#platform/http/index.ts'
import { createHomework } from './homework.ts'
import { checkHomeworkRoute } from './routes/check-homework.ts'
import {
  getSubmissionRoute,
  listSubmissionsRoute,
  retrySubmissionRoute,
  reviewSubmissionRoute,
  studentProgressRoute,
} from './routes/submissions.ts'

type Deps = { db: Pick<Database, 'forTenant'>; once: Once }

/** Checks, submissions and progress: routes, scopes, schemas and limits stand; grading is to come. */
export function homeworkFeature({ db, once }: Deps) {
  const homework = createHomework({ db })
  return {
    routes(api: Api) {
      const deps = { homework, once }
      checkHomeworkRoute(api, deps)
      listSubmissionsRoute(api, deps)
      getSubmissionRoute(api, deps)
      reviewSubmissionRoute(api, deps)
      retrySubmissionRoute(api, deps)
      studentProgressRoute(api, deps)
    },
  }
}
