import { requireLockedCourse } from '#features/courses/index.ts'
import { materialsOf } from '#features/materials/index.ts'
import type { Caller } from '#kernel/caller.ts'
import type { Database, TenantTx } from '#platform/db/database.ts'
import type { Settle } from '#platform/db/settle.ts'
import type { Queue } from '#platform/queue/index.ts'
import { authorVersion, materialsPending, noMaterials } from '../failures.ts'
import { findShown, type Version } from '../store.ts'
import { readSources, type Sources } from './brief.ts'
import { type Choice, chooseEngine, isFree, type Models, refuseDowngrade, type Strategy } from './engines.ts'
import { fingerprintOfStructure } from './fingerprint.ts'
import { generateStructure } from './jobs.ts'

export type GenerateOrder = {
  strategy: Strategy
  ignorePending: boolean
  replaceAuthor: boolean
  /** The outline engine may replace what language models made. */
  replaceLlm: boolean
  force: boolean
}

type Deps = { db: Pick<Database, 'forTenant'>; queue: Pick<Queue, 'add' | 'findActive'>; models: Models }

/** Starts generating; returns the id of the job, the running one's if there is one. */
export function createGenerator({ db, queue, models }: Deps) {
  const { llm, architect, ledgers } = models

  return {
    start: ({ tenantId }: Caller, courseId: string, order: GenerateOrder, settle: Settle<string>) =>
      db.forTenant(tenantId, async (tx) => {
        const course = await requireLockedCourse(tx, courseId)
        const dedupeKey = `structure ${courseId}`
        const running = await queue.findActive(tx, tenantId, dedupeKey)
        if (running !== undefined) {
          await settle(tx, running)
          return running
        }
        const { strategy, ignorePending, replaceAuthor, replaceLlm, force } = order
        const shown = await findShown(tx, course)
        if (!replaceAuthor && shown?.generatedBy === 'author') throw authorVersion()
        const statuses = (await materialsOf(tx, courseId)).map(({ status }) => status)
        if (!ignorePending && statuses.some((status) => status === 'pending' || status === 'processing'))
          throw materialsPending()
        if (!statuses.includes('done')) throw noMaterials()
        const choice = chooseEngine(llm, strategy, await ledgers.providersOf(tx))
        refuseDowngrade(choice, shown, replaceLlm)
        await requireMoney(tx, { sources: await readSources(tx, course), shown, choice, force })
        const payload = { courseId, strategy, replaceAuthor, replaceLlm, force }
        const { id } = await queue.add(tx, generateStructure, { tenantId, courseId, payload, dedupeKey })
        await settle(tx, id)
        return id
      }),
  }

  type Purchase = { sources: Sources; shown: Version | undefined; choice: Choice; force: boolean }

  /** Throws `budget.exceeded` when nothing is left for what has to be bought. */
  async function requireMoney(tx: TenantTx, { sources, shown, choice, force }: Purchase) {
    if (choice.engine === 'outline' || isFree(choice.chains)) return
    if (!force && shown?.fingerprint === fingerprintOfStructure(sources, choice, architect)) return
    await ledgers.requireBudget(tx)
  }
}
