import type { Caller } from '#kernel/caller.ts'
import { invalid } from '#kernel/failure.ts'
import type { Database } from '#platform/db/database.ts'
import type { Grouping, GroupSums, LedgerCall, Period, Sums } from './store.ts'
import * as store from './store.ts'

export type { GroupSums, LedgerCall, Period, Sums } from './store.ts'

export type CostReport = Period & { summary: Sums; groups: Record<Grouping, GroupSums[]> }

/** Money of the running month. Null: no limit. */
export type Budget = { limitNanoUsd: bigint | null; spentNanoUsd: bigint; reservedNanoUsd: bigint }

const GROUPINGS: readonly Grouping[] = ['action', 'provider', 'model', 'course', 'day']
const BATCH = 1_000

type Deps = { db: Pick<Database, 'forTenant' | 'asOperator'>; now: () => Date }

/** What language models cost, from the ledger. */
export function createCostReports({ db, now }: Deps) {
  const budgetOf = async (tenantId: string): Promise<Budget> => {
    const { costNanoUsd } = await db.forTenant(tenantId, (tx) => store.sumCalls(tx, monthOf(now())))
    return { limitNanoUsd: null, spentNanoUsd: costNanoUsd, reservedNanoUsd: 0n }
  }

  return {
    budgetOf,
    report: ({ tenantId }: Caller, given: Partial<Period>): Promise<CostReport> => {
      const period = periodOf(given, now())
      return db.forTenant(tenantId, (tx) => reportOf(period, tx))
    },
    /** Every call of the period in the order of time, in batches. */
    async *calls({ tenantId }: Caller, given: Partial<Period>): AsyncGenerator<LedgerCall[]> {
      const period = periodOf(given, now())
      for (let after: string | undefined; ; ) {
        const batch = await db.forTenant(tenantId, (tx) => store.listCalls(tx, period, after, BATCH))
        if (batch.length > 0) yield batch
        if (batch.length < BATCH) return
        after = batch.at(-1)?.id
      }
    },
    /** For the operator: one tenant's, or everybody's. */
    reportFor: (tenantId: string | undefined, given: Partial<Period>): Promise<CostReport> => {
      const period = periodOf(given, now())
      return db.asOperator('cost report', (tx) =>
        reportOf({ ...period, ...(tenantId === undefined ? {} : { tenantId }) }, tx),
      )
    },
  }
}

async function reportOf(
  filter: Period & { tenantId?: string },
  tx: Parameters<typeof store.sumCalls>[0],
): Promise<CostReport> {
  const summary = await store.sumCalls(tx, filter)
  const groups = {} as Record<Grouping, GroupSums[]>
  for (const grouping of GROUPINGS) groups[grouping] = await store.sumCallsBy(tx, filter, grouping)
  return { from: filter.from, to: filter.to, summary, groups }
}

function periodOf({ from, to }: Partial<Period>, now: Date): Period {
  const month = monthOf(from ?? now)
  const period = { from: from ?? (to ? monthOf(new Date(to.getTime() - 1)).from : month.from), to: to ?? month.to }
  if (period.from >= period.to) throw invalid('to', 'must be after from')
  return period
}

/** The UTC month that a moment belongs to. */
function monthOf(moment: Date): Period {
  const [year, month] = [moment.getUTCFullYear(), moment.getUTCMonth()]
  return { from: new Date(Date.UTC(year, month)), to: new Date(Date.UTC(year, month + 1)) }
}
