import type { Caller } from '#kernel/caller.ts'
import { invalid } from '#kernel/failure.ts'
import type { Database } from '#platform/db/database.ts'
import type { Budget, CallFilter, Grouping, GroupSums, LedgerCall, Period, Summary } from './store.ts'
import * as store from './store.ts'

export type { Budget, GroupSums, LedgerCall, Period } from './store.ts'

export type CostReport = Period & { summary: Summary; groups: Record<Grouping, GroupSums[]> }

/** What is asked for: a period, each bound of which may be left out, and which calls in it. */
export type ReportOrder = Partial<Period> & CallFilter

const BATCH = 1_000

type Deps = { db: Pick<Database, 'forTenant' | 'asOperator'>; now: () => Date }

/** What language models cost, from the ledger; and budgets, which are always those of the running UTC month. */
export function createCostReports({ db, now }: Deps) {
  return {
    budgetOf: (tenantId: string): Promise<Budget> => db.forTenant(tenantId, (tx) => store.budgetOf(tx, now())),
    report: ({ tenantId }: Caller, order: ReportOrder): Promise<CostReport> => {
      const wanted = { ...order, ...periodOf(order, now()) }
      return db.forTenant(tenantId, (tx) => reportOf(tx, wanted))
    },
    /** The calls themselves in the order of time, in batches. */
    calls: ({ tenantId }: Caller, order: ReportOrder): AsyncGenerator<LedgerCall[]> => {
      const wanted = { ...order, ...periodOf(order, now()) }
      return batches((after) => db.forTenant(tenantId, (tx) => store.listCalls(tx, wanted, after, BATCH)))
    },
    /** For the operator: one tenant's, or everybody's. */
    reportFor: (tenantId: string | undefined, given: Partial<Period>): Promise<CostReport> => {
      const period = periodOf(given, now())
      const wanted = { ...period, ...(tenantId === undefined ? {} : { tenantId }) }
      return db.asOperator('cost report', (tx) => reportOf(tx, wanted))
    },
    /** For the operator: the titles of those of the courses that there still are. */
    courseTitles: (ids: readonly string[]): Promise<Map<string, string>> =>
      db.asOperator('cost report', (tx) => store.courseTitles(tx, ids)),
    /** For the operator: the budgets of all tenants by their ids, and what they have spent together. */
    budgets: () =>
      db.asOperator('budgets', async (tx) => ({
        byTenant: await store.budgetsOf(tx, now()),
        total: await store.totalOf(tx, now()),
      })),
  }
}

async function reportOf(
  tx: Parameters<typeof store.sumCallsByAll>[0],
  wanted: Parameters<typeof store.sumCallsByAll>[1],
): Promise<CostReport> {
  return { from: wanted.from, to: wanted.to, ...(await store.sumCallsByAll(tx, wanted)) }
}

async function* batches(read: (after: string | undefined) => Promise<LedgerCall[]>): AsyncGenerator<LedgerCall[]> {
  for (let after: string | undefined; ; ) {
    const batch = await read(after)
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
