import { requireLockedCourse } from '#features/courses/index.ts'
import { materialsOf } from '#features/materials/index.ts'
import type { Caller } from '#kernel/caller.ts'
import { Failure, type FieldError } from '#kernel/failure.ts'
import type { Database, TenantTx } from '#platform/db/database.ts'
import { newId } from '#platform/ids/index.ts'
import { checkExercise } from './check-exercise.ts'
import { exerciseNotFound, versionChanged } from './failures.ts'
import { adoptIds } from './keep-ids.ts'
import type { CourseLike } from './places.ts'
import { type CourseDetail, readDetail } from './reading.ts'
import * as store from './store.ts'
import type { CourseTree, ExerciseDraft, ExerciseNode } from './tree.ts'
import { insertVersion } from './version-store.ts'

export type AuthorsCourse = CourseLike & { expectedKnowledge: string[]; expectedSkills: string[] }

type Deps = { db: Pick<Database, 'forTenant'> }

/** The author's own changes. Each makes a new version, so that what was graded against an earlier one can still be read. */
export function createAuthoring({ db }: Deps) {
  return {
    /**
     * Replaces the structure. `ifMatch` is the version that was read, undefined to overwrite whatever is there.
     * Throws `structure.version_changed`, `exercise.external_id_taken`, a 422 for unknown ids and wrong exercises.
     */
    put: (
      { tenantId }: Caller,
      courseId: string,
      given: AuthorsCourse,
      ifMatch: number | undefined,
    ): Promise<CourseDetail> =>
      db.forTenant(tenantId, async (tx) => {
        const { currentVersion } = await requireLockedCourse(tx, courseId)
        if (ifMatch !== undefined && ifMatch !== (currentVersion ?? 0)) throw versionChanged()
        const current = await readDetail(tx, courseId)
        refuse([...exerciseErrors(given), ...materialErrors(given, current)])
        const known = await store.knownIds(tx, courseId)
        const tree = adoptIds(current.tree, given, known, newId)
        const { expectedKnowledge, expectedSkills } = given
        await save(tx, { tenantId, courseId }, { tree, expectedKnowledge, expectedSkills })
        return readDetail(tx, courseId)
      }),
    /** Changes one exercise of the version that is shown. Throws `exercise.not_found`, `exercise.external_id_taken`, a 422. */
    changeExercise: (
      { tenantId }: Caller,
      id: string,
      changes: Partial<ExerciseDraft>,
    ): Promise<store.PlacedExercise> =>
      db.forTenant(tenantId, async (tx) => {
        const courseId = await store.courseOfExercise(tx, id)
        if (courseId === undefined) throw exerciseNotFound()
        await requireLockedCourse(tx, courseId)
        const { tree, version } = await readDetail(tx, courseId)
        const changed = withExercise(tree, id, changes)
        if (version === null || changed === undefined) throw exerciseNotFound()
        refuse(checkExercise(changed.exercise, ''))
        const { expectedKnowledge, expectedSkills } = version
        await save(tx, { tenantId, courseId }, { tree: changed.tree, expectedKnowledge, expectedSkills })
        return { lessonId: changed.lessonId, exercise: changed.exercise }
      }),
  }
}

type Content = { tree: CourseTree; expectedKnowledge: string[]; expectedSkills: string[] }

async function save(tx: TenantTx, place: store.CoursePlace, content: Content) {
  const { courseId } = place
  const materialIds = (await materialsOf(tx, courseId)).filter(({ status }) => status === 'done').map(({ id }) => id)
  const version = await store.nextVersion(tx, courseId)
  await insertVersion(tx, { ...place, ...content, version, generatedBy: 'author', materialIds })
  await store.showVersion(tx, courseId, version)
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

function exerciseErrors({ modules }: CourseLike): FieldError[] {
  return modules.flatMap(({ lessons }, m) =>
    lessons.flatMap(({ exercises }, l) =>
      exercises.flatMap((exercise, e) => checkExercise(exercise, `modules.${m}.lessons.${l}.exercises.${e}.`)),
    ),
  )
}

/** Materials may be cited that the course has, or that the version before cited: its sources outlive a deleted material. */
function materialErrors({ modules }: CourseLike, { materials, tree }: CourseDetail): FieldError[] {
  const known = new Set([...materials.map(({ id }) => id), ...citedIn(tree)])
  const check = (id: string | null, path: string) =>
    id === null || known.has(id) ? [] : [{ path, message: 'is not a material of this course' }]
  return modules.flatMap(({ lessons }, m) =>
    lessons.flatMap((lesson, l) => {
      const path = `modules.${m}.lessons.${l}`
      return [
        ...check(lesson.videoMaterialId, `${path}.video_material_id`),
        ...check(lesson.presentationMaterialId, `${path}.presentation_material_id`),
        ...lesson.concepts.flatMap(({ sources }, c) =>
          sources.flatMap(({ materialId }, s) => check(materialId, `${path}.concepts.${c}.sources.${s}.material_id`)),
        ),
      ]
    }),
  )
}

function citedIn({ modules }: CourseTree): string[] {
  const lessons = modules.flatMap((module) => module.lessons)
  return lessons.flatMap(({ videoMaterialId, presentationMaterialId, concepts }) => [
    ...[videoMaterialId, presentationMaterialId].filter((id) => id !== null),
    ...concepts.flatMap(({ sources }) => sources.map(({ materialId }) => materialId)),
  ])
}

function refuse(errors: FieldError[]) {
  if (errors.length > 0) throw new Failure('invalid', 'request.invalid', 'The request has wrong fields.', { errors })
}
