import { createSteps, type Ledgers, type Steps } from '#features/usage/index.ts'
import type { Database } from '#platform/db/database.ts'
import type { Llm, Model } from '#platform/llm/index.ts'
import { materialNotFound } from '../failures.ts'
import * as store from '../store.ts'
import type { Order } from './order.ts'

/** What of reading costs money. */
export type Paid = {
  /** The models that would be asked; none when no provider is configured and allowed. */
  models(order: Pick<Order, 'tenantId'>, action: string): Promise<readonly Model[]>
  /** Lets `work` buy steps. None is bought for a material that is gone: then the Failure `material.not_found` or `course.not_found`. */
  steps<T>(order: Order, work: (steps: Pick<Steps, 'ask' | 'transcribe'>) => Promise<T>): Promise<T>
}

type Deps = { db: Pick<Database, 'forTenant'>; llm: Llm; ledgers: Ledgers }

/** Nobody chooses one for reading. */
const STRATEGY = 'default'

export function createPaid({ db, llm, ledgers }: Deps): Paid {
  return {
    async models({ tenantId }, action) {
      return llm.chain(action, STRATEGY, await db.forTenant(tenantId, ledgers.providersOf))
    },
    async steps({ tenantId, material, jobId, signal }, work) {
      await ledgers.settleLost(tenantId, jobId)
      const steps = createSteps(
        { db, llm, ledgers },
        {
          ...{ tenantId, courseId: material.courseId, jobId, signal, strategy: STRATEGY, force: false },
          require: async (tx) => {
            if ((await store.findMaterial(tx, material.id)) === undefined) throw materialNotFound()
          },
        },
      )
      try {
        return await work(steps)
      } finally {
        // Calls under way are the job's: it has not ended before they are accounted for.
        await steps.close()
      }
    },
  }
}
