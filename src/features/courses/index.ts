import type { Database } from '#platform/db/database.ts'
import type { Api, Once } from '#platform/http/index.ts'
import type { Cursors } from '#platform/paging/index.ts'
import { createCourses } from './courses.ts'
import { changeCourseRoute } from './routes/change-course.ts'
import { createCourseRoute } from './routes/create-course.ts'
import { deleteCourseRoute } from './routes/delete-course.ts'
import { listCoursesRoute } from './routes/list-courses.ts'
import { addSlideMappingsRoute, clearSlideMappingsRoute, listSlideMappingsRoute } from './routes/slide-mapping.ts'
import { createSlideMappings } from './slide-mappings.ts'

export { requireCourse, requireLockedCourse } from './courses.ts'
export { courseNotFound } from './failures.ts'
export { COURSE_FIELDS, CourseParams, presentCourse, presentSlideMapping, SlideMappingBody } from './schemas.ts'
export { type Course, type SlideMapping, slideMappingsOf } from './store.ts'

type Deps = { db: Pick<Database, 'forTenant'>; cursors: Cursors; once: Once }

/** Courses and the slide mappings between their presentations and videos. */
export function coursesFeature({ db, cursors, once }: Deps) {
  const courses = createCourses({ db, cursors })
  const slideMappings = createSlideMappings({ db, cursors })
  return {
    routes(api: Api) {
      createCourseRoute(api, { courses, once })
      listCoursesRoute(api, { courses })
      changeCourseRoute(api, { courses })
      deleteCourseRoute(api, { courses })
      for (const route of [addSlideMappingsRoute, listSlideMappingsRoute, clearSlideMappingsRoute])
        route(api, { slideMappings, once })
    },
  }
}
