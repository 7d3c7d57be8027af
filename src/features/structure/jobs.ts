import { type Course, requireCourse, requireLockedCourse, slideMappingsOf } from '#features/courses/index.ts'
import { chunksOf, type Material, materialsOf } from '#features/materials/index.ts'
import { Failure } from '#kernel/failure.ts'
import { secondsOf } from '#kernel/timecode.ts'
import type { Database, TenantTx } from '#platform/db/database.ts'
import { newId } from '#platform/ids/index.ts'
import { defineJob, jobHandler, type RunningJob } from '#platform/queue/index.ts'
import { authorVersion, noMaterials } from './failures.ts'
import { keepIds } from './keep-ids.ts'
import { findVersion, nextVersion, showVersion } from './store.ts'
import type { CourseTree, SlideTime, SourceMaterial, StructureEngine } from './tree.ts'
import { loadTree } from './tree-store.ts'
import { insertVersion } from './version-store.ts'

export type Strategy = 'default' | 'quality' | 'budget'

type Payload = { courseId: string; strategy: Strategy; replaceAuthor: boolean }

/** Turns the materials that are done into the course's next version. */
export const generateStructure = defineJob<Payload>({ kind: 'generate_structure', priority: 15, timeoutSeconds: 3_600 })

const SKIPPED = { skipped: true }

type Deps = { db: Pick<Database, 'forTenant'>; engine: StructureEngine }

/** The handler. Run twice it makes two equal versions with the same ids; a course that was deleted meanwhile ends it quietly. */
export function structureHandler({ db, engine }: Deps) {
  return jobHandler(generateStructure, async ({ tenantId, payload, signal, progress }: RunningJob<Payload>) => {
    const { courseId, replaceAuthor } = payload
    const input = await unlessCourseGone(() => db.forTenant(tenantId, (tx) => readInput(tx, courseId)))
    if (input === undefined) return SKIPPED
    if (input.materials.length === 0) throw noMaterials()
    progress(0.1)
    const draft = await engine.build(input, { signal, progress: async (done) => progress(0.1 + 0.8 * done) })
    const done = await unlessCourseGone(() =>
      db.forTenant(tenantId, async (tx) => {
        const course = await requireLockedCourse(tx, courseId)
        if (!replaceAuthor && (await isAuthors(tx, course))) throw authorVersion()
        const previous = course.currentVersion === null ? null : await loadTree(tx, courseId, course.currentVersion)
        const tree = keepIds(previous, draft, newId)
        const version = await nextVersion(tx, courseId)
        const materialIds = input.materials.map(({ id }) => id)
        const about = { version, generatedBy: engine.name, materialIds, expectedKnowledge: [], expectedSkills: [] }
        await insertVersion(tx, { tenantId, courseId, tree, ...about })
        await showVersion(tx, courseId, version)
        return { version, generated_by: engine.name, ...sizesOf(tree) }
      }),
    )
    return done ?? SKIPPED
  })
}

/** Whether the version that is shown is the author's own. */
export async function isAuthors(tx: TenantTx, { id, currentVersion }: Course): Promise<boolean> {
  return currentVersion !== null && (await findVersion(tx, id, currentVersion))?.generatedBy === 'author'
}

async function readInput(
  tx: TenantTx,
  courseId: string,
): Promise<{ materials: SourceMaterial[]; slideTimes: SlideTime[] }> {
  await requireCourse(tx, courseId)
  const done = (await materialsOf(tx, courseId)).filter(({ status }) => status === 'done')
  const materials: SourceMaterial[] = []
  for (const material of done) {
    const { id, sourceType, title } = material
    materials.push({ id, sourceType, name: nameOf(material), title, chunks: await chunksOf(tx, id) })
  }
  const slideTimes = (await slideMappingsOf(tx, courseId)).map(
    ({ slideNumber, videoTimecode, presentationId, videoId }) => ({
      slideNumber,
      seconds: secondsOf(videoTimecode),
      presentationId,
      videoId,
    }),
  )
  return { materials, slideTimes }
}

const nameOf = ({ filename, sourceUrl }: Material) => filename?.replace(/\.[^.]+$/, '') ?? sourceUrl ?? ''

async function unlessCourseGone<T>(work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof Failure && error.code === 'course.not_found') return undefined
    throw error
  }
}

function sizesOf({ modules }: CourseTree) {
  const lessons = modules.flatMap((module) => module.lessons)
  return {
    modules: modules.length,
    lessons: lessons.length,
    concepts: lessons.reduce((sum, { concepts }) => sum + concepts.length, 0),
    exercises: lessons.reduce((sum, { exercises }) => sum + exercises.length, 0),
  }
}
