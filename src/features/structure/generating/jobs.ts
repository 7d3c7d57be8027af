import { requireCourse, requireLockedCourse } from '#features/courses/index.ts'
import { costOfJob, createSteps } from '#features/usage/index.ts'
import { announce } from '#features/webhooks/index.ts'
import { Failure } from '#kernel/failure.ts'
import { usd } from '#kernel/money.ts'
import type { Database, TenantTx } from '#platform/db/database.ts'
import { newId } from '#platform/ids/index.ts'
import { defineJob, jobHandler, type RunningJob } from '#platform/queue/index.ts'
import type { Brief } from '../architect/port.ts'
import { duplicatesIn } from '../duplicates/background.ts'
import { citeTogether } from '../duplicates/cite.ts'
import { taughtOf } from '../duplicates/taught.ts'
import { authorVersion, noMaterials } from '../failures.ts'
import { keepIds } from '../keep-ids.ts'
import { findShown, nextVersion, showVersion } from '../store.ts'
import type { CourseDraft, CourseTree, StructureEngine } from '../tree.ts'
import { loadTree } from '../tree-store.ts'
import { insertVersion } from '../version-store.ts'
import { readBrief, readSources } from './brief.ts'
import { type Choice, chooseEngine, type Models, noticeOf, refuseDowngrade, type Strategy } from './engines.ts'
import { fingerprintOfStructure } from './fingerprint.ts'

/** `force`: although nothing has changed, and what was bought before is bought again. */
type Payload = {
  courseId: string
  strategy: Strategy
  replaceAuthor: boolean
  replaceLlm?: boolean
  force?: boolean
}

/** Turns the materials that are done into the course's next version. */
export const generateStructure = defineJob<Payload>({ kind: 'generate_structure', priority: 15, timeoutSeconds: 3_600 })

const SKIPPED = { skipped: true }

type Job = RunningJob<Payload>
/** `fingerprint`: of what it is made from. */
type Input = { brief: Brief; choice: Choice; fingerprint: string }
/** `told`: what the job's result says beside what was made. */
type Built = { draft: CourseDraft; generatedBy: 'outline' | 'llm'; told: object }

type Deps = {
  db: Pick<Database, 'forTenant'>
  /** Builds where there is no language model. */
  outline: StructureEngine
  models: Models
}

/**
 * The handler. What language models answered to an attempt before is not bought again. Run twice it makes equal versions with the same ids;
 * a course that was deleted meanwhile ends it quietly.
 */
export function structureHandler({ db, outline, models }: Deps) {
  const { llm, architect, ledgers } = models
  return jobHandler(generateStructure, (job: Job) => unlessCourseGone(() => run(job)), {
    failed: (tx, { id, tenantId, payload }, error) => {
      const data = { course_id: payload.courseId, job_id: id, error }
      return announce(tx, { tenantId, event: 'structure.error', data })
    },
  })

  async function run(job: Job): Promise<object> {
    const { id, tenantId, payload, progress } = job
    await ledgers.settleLost(tenantId, id)
    const begun = await db.forTenant(tenantId, async (tx) => {
      const input = await readInput(tx, payload)
      if (!('unchanged' in input)) return { input }
      return { result: await announceDone(tx, job, { ...input, strategy: payload.strategy, models: [] }) }
    })
    if (begun.result !== undefined) return begun.result
    const { input } = begun
    if (input.brief.materials.length === 0) throw noMaterials()
    progress(0.1)
    const built = await build(input, job)
    return await db.forTenant(tenantId, (tx) => keep(tx, job, { ...input, ...built }))
  }

  async function readInput(
    tx: TenantTx,
    { courseId, strategy, replaceLlm = false, force = false }: Payload,
  ): Promise<Input | Unchanged> {
    const course = await requireCourse(tx, courseId)
    const sources = await readSources(tx, course)
    const choice = chooseEngine(llm, strategy, await ledgers.providersOf(tx))
    const fingerprint = fingerprintOfStructure(sources, choice, architect)
    const shown = await findShown(tx, course)
    refuseDowngrade(choice, shown, replaceLlm)
    if (shown?.fingerprint === fingerprint && !force) {
      const notice = noticeOf(choice)
      return {
        ...unchanged(shown, await loadTree(tx, courseId, shown.version)),
        ...(notice === null ? {} : { notice }),
      }
    }
    return { brief: await readBrief(tx, sources), choice, fingerprint }
  }

  /** What another material holds is not taught, or paid for, once more: it is cited. */
  async function build(input: Input, job: Job): Promise<Built> {
    const duplicates = await duplicatesIn(input.brief, job.signal)
    const { draft, ...built } = await make({ ...input, brief: taughtOf(input.brief, duplicates) }, job)
    return { ...built, draft: citeTogether(draft, input.brief.materials, duplicates) }
  }

  async function make(
    { brief, choice }: Input,
    { id: jobId, tenantId, payload, signal, progress }: Job,
  ): Promise<Built> {
    const context = { signal, progress: async (done: number) => progress(0.1 + 0.8 * done) }
    if (choice.engine === 'outline') {
      const draft = await outline.build(brief, context)
      return { draft, generatedBy: 'outline', told: { notice: noticeOf(choice), models: [] } }
    }
    const { courseId, strategy, force = false } = payload
    const steps = createSteps({ db, llm, ledgers }, { tenantId, courseId, jobId, strategy, force, signal })
    try {
      const { ask } = steps
      const { course: draft, dropped } = await architect.build(brief, { ...context, ask, windows: choice.windows })
      return { draft, generatedBy: 'llm', told: { dropped, models: steps.models() } }
    } finally {
      // Calls under way are the job's: it has not ended before they are accounted for.
      await steps.close()
    }
  }
}

async function keep(tx: TenantTx, job: Job, made: Input & Built) {
  const { tenantId, payload } = job
  const { brief, choice, draft, generatedBy, fingerprint, told } = made
  const { courseId, strategy, replaceAuthor, replaceLlm = false } = payload
  const course = await requireLockedCourse(tx, courseId)
  const shown = await findShown(tx, course)
  if (shown?.generatedBy === 'author' && !replaceAuthor) throw authorVersion()
  refuseDowngrade(choice, shown, replaceLlm)
  const previous = shown === undefined ? null : await loadTree(tx, courseId, shown.version)
  const tree = keepIds(previous, draft, newId)
  const version = await nextVersion(tx, courseId)
  const { expectedKnowledge = [], expectedSkills = [] } = draft
  const materialIds = brief.materials.map(({ id }) => id)
  const about = { version, generatedBy, materialIds, expectedKnowledge, expectedSkills, fingerprint }
  await insertVersion(tx, { tenantId, courseId, tree, ...about })
  await showVersion(tx, courseId, version)
  return announceDone(tx, job, { version, generated_by: generatedBy, ...sizesOf(tree), ...told, strategy })
}

/** The job's result, which is also what is announced: `made`, and what it has cost. */
async function announceDone(tx: TenantTx, { id, tenantId, payload }: Job, made: object): Promise<object> {
  const result = { ...made, ...(await spent(tx, id)) }
  const data = { course_id: payload.courseId, job_id: id, ...result }
  await announce(tx, { tenantId, event: 'structure.done', data })
  return result
}

/** By all attempts at the job. Calls of unknown price add nothing to it, and are counted. */
async function spent(tx: TenantTx, jobId: string): Promise<object> {
  const { costNanoUsd, unpriced } = await costOfJob(tx, jobId)
  return { cost_usd: usd(costNanoUsd), ...(unpriced === 0 ? {} : { unpriced_calls: unpriced }) }
}

type Unchanged = ReturnType<typeof unchanged>

const unchanged = ({ version, generatedBy }: { version: number; generatedBy: string }, tree: CourseTree) => ({
  ...{ version, generated_by: generatedBy, unchanged: true },
  ...sizesOf(tree),
})

async function unlessCourseGone(work: () => Promise<object>): Promise<object> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof Failure && error.code === 'course.not_found') return SKIPPED
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
