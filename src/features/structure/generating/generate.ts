import { requireLockedCourse } from '#features/courses/index.ts'
import { materialsOf } from '#features/materials/index.ts'
import type { Caller } from '#kernel/caller.ts'
import type { Database, TenantTx } from '#platform/db/database.ts'
import type { Settle } from '#platform/db/settle.ts'
import type { Queue } from '#platform/queue/index.ts'
import { authorVersion, materialsPending, noMaterials } from '../failures.ts'
import { findShown, type Version } from '../store.ts'
import { readSources, type Sources } from './brief.ts'
import { chooseEngine, isFree, type Models, type Strategy } from './engines.ts'
import { fingerprintOfStructure } from './fingerprint.ts'
import { generateStructure } from './jobs.ts'

export type GenerateOrder = { strategy: Strategy; ignorePending: boolean; replaceAuthor: boolean; force: boolean }

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
        const { strategy, ignorePending, replaceAuthor, force } = order
        const shown = await findShown(tx, course)
        if (!replaceAuthor && shown?.generatedBy === 'author') throw authorVersion()
        const statuses = (await materialsOf(tx, courseId)).map(({ status }) => status)
        if (!ignorePending && statuses.some((status) => status === 'pending' || status === 'processing'))
          throw materialsPending()
        if (!statuses.includes('done')) throw noMaterials()
        await requireMoney(tx, { sources: await readSources(tx, course), shown, strategy, force })
        const payload = { courseId, strategy, replaceAuthor, force }
        const { id } = await queue.add(tx, generateStructure, { tenantId, courseId, payload, dedupeKey })
        await settle(tx, id)
        return id
      }),
  }

  type Purchase = { sources: Sources; shown: Version | undefined; strategy: Strategy; force: boolean }

  /** Throws `budget.exceeded` when nothing is left for what has to be bought. */
  async function requireMoney(tx: TenantTx, { sources, shown, strategy, force }: Purchase) {
    const choice = chooseEngine(llm, strategy, await ledgers.providersOf(tx))
    if (choice.engine === 'llm' && isFree(choice.chains)) return
    const fingerprint = fingerprintOfStructure(sources, choice, architect)
    if (fingerprint === null || (shown?.fingerprint === fingerprint && !force)) return
    await ledgers.requireBudget(tx)
  }
}
