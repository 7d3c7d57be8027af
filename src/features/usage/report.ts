import type { Caller } from '#kernel/caller.ts'
import { invalid } from '#kernel/failure.ts'
import type { Database } from '#platform/db/database.ts'
import type { Grouping, GroupSums, LedgerCall, Period, Sums } from './store.ts'
import * as store from './store.ts'

export type { GroupSums, LedgerCall, Period, Sums } from './store.ts'

export type CostReport = Period & { summary: Sums; groups: Record<Grouping, GroupSums[]> }

/** Money of the running month. Null: no limit. */
export type Budget = { limitNanoUsd: bigint | null; spentNanoUsd: bigint; reservedNanoUsd: bigint }

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
      return db.forTenant(tenantId, (tx) => reportOf(tx, period))
    },
    /** Every call of the period in the order of time, in batches. */
    calls: ({ tenantId }: Caller, given: Partial<Period>): AsyncGenerator<LedgerCall[]> =>
      batches(periodOf(given, now()), (period, after) =>
        db.forTenant(tenantId, (tx) => store.listCalls(tx, period, after, BATCH)),
      ),
    /** For the operator: one tenant's, or everybody's. */
    reportFor: (tenantId: string | undefined, given: Partial<Period>): Promise<CostReport> => {
      const period = periodOf(given, now())
      return db.asOperator('cost report', (tx) => reportOf(tx, period, tenantId))
    },
  }
}

async function reportOf(
  tx: Parameters<typeof store.sumCallsByAll>[0],
  period: Period,
  tenantId?: string,
): Promise<CostReport> {
  const sums = await store.sumCallsByAll(tx, { ...period, ...(tenantId === undefined ? {} : { tenantId }) })
  return { ...period, ...sums }
}

async function* batches(
  period: Period,
  read: (period: Period, after: string | undefined) => Promise<LedgerCall[]>,
): AsyncGenerator<LedgerCall[]> {
  for (let after: string | undefined; ; ) {
    const batch = await read(period, after)
    if (batch.length > 0) yield batch
    if (batch.length < BATCH) return
    after = batch.at(-1)?.id
  }
}

/** Each bound that is left out is the running month's; where that would leave no time between them, that of the given bound's month. */
function periodOf({ from, to }: Partial<Period>, now: Date): Period {
  const month = monthOf(now)
  const period = {
    from: from ?? (to && to <= month.from ? monthOf(new Date(to.getTime() - 1)).from : month.from),
    to: to ?? (from && from >= month.to ? monthOf(from).to : month.to),
  }
  const years = [period.from, period.to].map((moment) => moment.getUTCFullYear())
  if (years.some((year) => year < 1 || year > 9999))
    throw invalid(from ? 'from' : 'to', 'must be within the years 0001 to 9999')
  if (period.from >= period.to) throw invalid('to', 'must be after from')
  return period
}

/** The UTC month that a moment belongs to. */
function monthOf(moment: Date): Period {
  const from = new Date(moment)
  from.setUTCDate(1)
  from.setUTCHours(0, 0, 0, 0)
  const to = new Date(from)
  to.setUTCMonth(to.getUTCMonth() + 1)
  return { from, to }
}
