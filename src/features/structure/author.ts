import { requireLockedCourse } from '#features/courses/index.ts'
import type { Caller } from '#kernel/caller.ts'
import { Failure, type FieldError } from '#kernel/failure.ts'
import type { Database, TenantTx } from '#platform/db/database.ts'
import { newId } from '#platform/ids/index.ts'
import { checkCourse } from './check-course.ts'
import { checkExercise } from './check-exercise.ts'
import { exerciseNotFound, versionChanged } from './failures.ts'
import { adoptIds } from './keep-ids.ts'
import { knownIds } from './known-ids.ts'
import type { CourseLike } from './places.ts'
import { type CourseDetail, readDetail } from './reading.ts'
import type { Version } from './store.ts'
import * as store from './store.ts'
import type { CourseTree, ExerciseDraft, ExerciseNode } from './tree.ts'
import type { PlacedExercise } from './tree-store.ts'
import { insertVersion } from './version-store.ts'

export type AuthorsCourse = CourseLike & { expectedKnowledge: string[]; expectedSkills: string[] }

type Deps = { db: Pick<Database, 'forTenant'> }

/** The author's own changes. Each makes a new version, so that what was graded against an earlier one can still be read. */
export function createAuthoring({ db }: Deps) {
  return {
    /**
     * Replaces the structure. `ifMatch` holds the versions that may be there, undefined to overwrite whatever is.
     * Throws `structure.version_changed`, `exercise.external_id_taken`, a 422 for unknown ids and wrong exercises.
     */
    put: (
      { tenantId }: Caller,
      courseId: string,
      given: AuthorsCourse,
      ifMatch: number[] | undefined,
    ): Promise<CourseDetail> =>
      db.forTenant(tenantId, async (tx) => {
        const { currentVersion } = await requireLockedCourse(tx, courseId)
        if (ifMatch !== undefined && !ifMatch.includes(currentVersion ?? 0)) throw versionChanged()
        const current = await readDetail(tx, courseId)
        refuse(checkCourse(given, await citableMaterials(tx, given, current)))
        const known = await knownIds(tx, courseId, { shown: current.tree, given })
        const tree = adoptIds(current.tree, given, known, newId)
        const materialIds = current.materials.filter(({ status }) => status === 'done').map(({ id }) => id)
        await save(tx, { tenantId, courseId }, { ...given, tree, materialIds })
        return readDetail(tx, courseId)
      }),
    /** Changes one exercise of the version that is shown. Throws `exercise.not_found`, `exercise.external_id_taken`, a 422. */
    changeExercise: ({ tenantId }: Caller, id: string, changes: Partial<ExerciseDraft>): Promise<PlacedExercise> =>
      db.forTenant(tenantId, async (tx) => {
        const courseId = await store.courseOfExercise(tx, id)
        if (courseId === undefined) throw exerciseNotFound()
        await requireLockedCourse(tx, courseId)
        const { tree, version } = await readDetail(tx, courseId)
        const changed = withExercise(tree, id, changes)
        if (version === null || changed === undefined) throw exerciseNotFound()
        refuse(checkExercise(changed.exercise, ''))
        // One exercise says nothing of materials that came since: the course stays as stale as it was.
        await save(tx, { tenantId, courseId }, { ...version, tree: changed.tree })
        return { lessonId: changed.lessonId, exercise: changed.exercise }
      }),
  }
}

type Content = Pick<Version, 'materialIds' | 'expectedKnowledge' | 'expectedSkills'> & { tree: CourseTree }

async function save(tx: TenantTx, place: store.CoursePlace, content: Content) {
  const { tree, materialIds, expectedKnowledge, expectedSkills } = content
  const version = await store.nextVersion(tx, place.courseId)
  const about = { version, generatedBy: 'author' as const, materialIds, expectedKnowledge, expectedSkills }
  await insertVersion(tx, { ...place, ...about, tree })
  await store.showVersion(tx, place.courseId, version)
}

function withExercise(tree: CourseTree, id: string, changes: Partial<ExerciseDraft>) {
  let found: { lessonId: string; exercise: ExerciseNode } | undefined
  const modules = tree.modules.map((module) => ({
    ...module,
    lessons: module.lessons.map((lesson) => ({
      ...lesson,
      exercises: lesson.exercises.map((exercise) => {
        if (exercise.id !== id) return exercise
        found = { lessonId: lesson.id, exercise: { ...exercise, ...changes } }
        return found.exercise
      }),
    })),
  }))
  return found && { tree: { modules }, ...found }
}

/** Materials may be cited that the course has, or that a version before cited: its sources outlive a deleted material. */
async function citableMaterials(tx: TenantTx, given: CourseLike, { course, materials, tree }: CourseDetail) {
  const known = new Set([...materials.map(({ id }) => id), ...citedIn(tree)])
  const others = [...new Set(citedIn(given))].filter((id) => !known.has(id))
  return new Set([...known, ...(await store.materialsEverCited(tx, course.id, others))])
}

function citedIn({ modules }: CourseLike): string[] {
  const lessons = modules.flatMap((module) => module.lessons)
  return lessons.flatMap(({ videoMaterialId, presentationMaterialId, concepts }) => [
    ...[videoMaterialId, presentationMaterialId].filter((id) => id !== null),
    ...concepts.flatMap(({ sources }) => sources.map(({ materialId }) => materialId)),
  ])
}

function refuse(errors: FieldError[]) {
  if (errors.length > 0) throw new Failure('invalid', 'request.invalid', 'The request has wrong fields.', { errors })
}
