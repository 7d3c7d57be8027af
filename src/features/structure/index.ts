import type { Database } from '#platform/db/database.ts'
import type { Api, Once } from '#platform/http/index.ts'
import type { Cursors } from '#platform/paging/index.ts'
import type { Queue } from '#platform/queue/index.ts'
import { createAuthoring } from './author.ts'
import { createGenerator } from './generate.ts'
import { structureHandler } from './jobs.ts'
import { createReading } from './reading.ts'
import { changeExerciseRoute, listExercisesRoute } from './routes/exercises.ts'
import { generateStructureRoute } from './routes/generate-structure.ts'
import { getCourseRoute } from './routes/get-course.ts'
import { getLessonRoute, listLessonsRoute } from './routes/lessons.ts'
import { putStructureRoute } from './routes/put-structure.ts'
import type { StructureEngine } from './tree.ts'

export { createBackgroundOutline } from './background-outline.ts'

type ApiDeps = { db: Pick<Database, 'forTenant'>; queue: Queue; cursors: Cursors; once: Once }

/** Materials become modules, lessons and concepts; authors change them; everyone reads them. */
export function structureFeature({ db, queue, cursors, once }: ApiDeps) {
  const reading = createReading({ db, cursors })
  const authoring = createAuthoring({ db })
  const generator = createGenerator({ db, queue })
  return {
    routes(api: Api) {
      getCourseRoute(api, { reading })
      generateStructureRoute(api, { generator, once })
      putStructureRoute(api, { authoring })
      listLessonsRoute(api, { reading })
      getLessonRoute(api, { reading })
      listExercisesRoute(api, { reading, authoring })
      changeExerciseRoute(api, { reading, authoring })
    },
  }
}

/** The background half: generating. */
export function structureWork(deps: { db: Pick<Database, 'forTenant'>; engine: StructureEngine }) {
  return { handlers: [structureHandler(deps)] }
}
