import { type Expression, type SqlBool, sql } from 'kysely'
import type { OperatorTx, TenantTx } from '#platform/db/database.ts'

/** Half-open: `from` belongs to it, `to` does not. */
export type Period = { from: Date; to: Date }

export type Grouping = 'action' | 'provider' | 'model' | 'course' | 'day' | 'tenant'

/** Sums over calls. Money is whole nano-USD; calls whose price is unknown add nothing to it and are counted apart. */
export type Sums = {
  calls: number
  succeeded: number
  /** Calls whose price is not known. */
  unpriced: number
  costNanoUsd: bigint
  tokensIn: number
  tokensOut: number
  /** 0 where there are no calls. */
  avgLatencyMs: number
}

/** Of them all. */
export type Summary = Sums & {
  /** The part of the cost that is estimated, as no provider has said what was used. */
  estimatedNanoUsd: bigint
}

export type GroupSums = Sums & { group: string | null }

export type LedgerCall = {
  id: string
  createdAt: Date
  action: string
  provider: string
  model: string
  courseId: string | null
  jobId: string | null
  succeeded: boolean
  tokensIn: number
  tokensOut: number
  costNanoUsd: bigint | null
  latencyMs: number
  strategyPath: string | null
  promptVersion: string | null
  attempt: number
  outcome: string
  tokensFresh: number
  tokensCacheRead: number
  tokensCacheWrite: number
  tokensReasoning: number
  usageSource: string
}

/** Which calls; all of the period where nothing else is said. */
export type CallFilter = { courseId?: string; jobId?: string; action?: string; provider?: string; model?: string }

/** Money of one UTC month. A limit of null: there is none. */
export type Budget = { limitNanoUsd: bigint | null; spentNanoUsd: bigint; reservedNanoUsd: bigint }

type Tx = TenantTx | OperatorTx
type Filter = Period & CallFilter & { tenantId?: string }

const DAY = sql`to_char(created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD')`

// What https://www.postgresql.org/docs/17/functions-aggregate.html calls the grouping mask: a bit is 0 where the column was grouped by.
const MASK = sql<number>`grouping(action, provider, model, course_id, ${DAY}, tenant_id)`
const GROUPING_OF = new Map<number, Grouping>([
  [0b011111, 'action'],
  [0b101111, 'provider'],
  [0b110111, 'model'],
  [0b111011, 'course'],
  [0b111101, 'day'],
  [0b111110, 'tenant'],
])

const SUMS = [
  sql<string>`count(*)`.as('calls'),
  sql<string>`count(*) FILTER (WHERE outcome = 'answered')`.as('succeeded'),
  sql<string>`count(*) FILTER (WHERE cost_nano_usd IS NULL)`.as('unpriced'),
  sql<string>`coalesce(sum(cost_nano_usd), 0)`.as('cost'),
  sql<string>`coalesce(sum(cost_nano_usd) FILTER (WHERE usage_source = 'estimated'), 0)`.as('estimated'),
  sql<string>`coalesce(sum(tokens_in), 0)`.as('tokens_in'),
  sql<string>`coalesce(sum(tokens_out), 0)`.as('tokens_out'),
  sql<string | null>`round(avg(latency_ms))`.as('latency'),
] as const

/** The tenant's money of the UTC month that `now` is in. */
export async function budgetOf(tx: TenantTx, now: Date): Promise<Budget> {
  return presentBudget(await budgets(tx, now).executeTakeFirst())
}

/** Every tenant's, by its id. */
export async function budgetsOf(tx: OperatorTx, now: Date): Promise<Map<string, Budget>> {
  return new Map((await budgets(tx, now).execute()).map((row) => [row.id, presentBudget(row)]))
}

/** What all tenants together have spent in the UTC month that `now` is in. */
export async function totalOf(tx: OperatorTx, now: Date): Promise<Omit<Budget, 'limitNanoUsd'>> {
  const total = tx
    .selectFrom('llm_spending_total')
    .select(['spent_nano_usd as spent', 'reserved_nano_usd as reserved'])
    .where('month', '=', monthOf(now))
  const { spentNanoUsd, reservedNanoUsd } = presentBudget(await total.executeTakeFirst())
  return { spentNanoUsd, reservedNanoUsd }
}

function budgets(tx: Tx, now: Date) {
  return tx
    .selectFrom('tenants')
    .leftJoin('llm_spending', (join) => join.onRef('tenant_id', '=', 'id').on('month', '=', monthOf(now)))
    .select(['id', 'monthly_budget_nano_usd as limit', 'spent_nano_usd as spent', 'reserved_nano_usd as reserved'])
}

const monthOf = (moment: Date) => sql<Date>`date_trunc('month', ${moment}::timestamptz AT TIME ZONE 'UTC')::date`

type Nano = string | number | bigint | null

const presentBudget = ({
  limit = null,
  spent = 0,
  reserved = 0,
}: {
  limit?: Nano
  spent?: Nano
  reserved?: Nano
} = {}) => ({
  limitNanoUsd: limit === null ? null : BigInt(limit),
  spentNanoUsd: BigInt(spent ?? 0),
  reservedNanoUsd: BigInt(reserved ?? 0),
})

/** The sums of the period as a whole and by every grouping, from one look at the ledger: they add up. Days in their order, else the dearest first. */
export async function sumCallsByAll(
  tx: Tx,
  filter: Filter,
): Promise<{ summary: Summary; groups: Record<Grouping, GroupSums[]> }> {
  const rows = await calls(tx, filter)
    .select([...SUMS, MASK.as('mask')])
    // All but the column grouped by are null.
    .select(sql<string | null>`coalesce(action, provider, model, course_id::text, ${DAY}, tenant_id::text)`.as('group'))
    .groupBy(sql`GROUPING SETS ((), (action), (provider), (model), (course_id), (${DAY}), (tenant_id))`)
    .orderBy(sql`${DAY}, coalesce(sum(cost_nano_usd), 0) DESC, count(*) DESC, "group"`)
    .execute()
  const groups: Record<Grouping, GroupSums[]> = { action: [], provider: [], model: [], course: [], day: [], tenant: [] }
  let summary: Summary = NOTHING
  for (const row of rows) {
    const grouping = GROUPING_OF.get(row.mask)
    if (grouping === undefined) summary = { ...sumsOf(row), estimatedNanoUsd: BigInt(row.estimated) }
    else groups[grouping].push({ ...sumsOf(row), group: row.group })
  }
  return { summary, groups }
}

/** What the calls of a job cost so far, and how many of them have no known price. */
export async function costOfJob(tx: TenantTx, jobId: string): Promise<{ costNanoUsd: bigint; unpriced: number }> {
  const { cost, unpriced } = await tx
    .selectFrom('llm_calls')
    .select([
      sql<string>`coalesce(sum(cost_nano_usd), 0)`.as('cost'),
      sql<string>`count(*) FILTER (WHERE cost_nano_usd IS NULL)`.as('unpriced'),
    ])
    .where('job_id', '=', jobId)
    .executeTakeFirstOrThrow()
  return { costNanoUsd: BigInt(cost), unpriced: Number(unpriced) }
}

export async function courseTitles(tx: OperatorTx, ids: readonly string[]): Promise<Map<string, string>> {
  const rows = await tx
    .selectFrom('courses')
    .select(['id', 'title'])
    .where(sql<SqlBool>`id = ANY (${ids}::uuid[])`)
    .execute()
  return new Map(rows.map(({ id, title }) => [id, title]))
}

/** One batch of the period's calls in the order of time, after `after`. */
export async function listCalls(
  tx: Tx,
  filter: Filter,
  after: string | undefined,
  limit: number,
): Promise<LedgerCall[]> {
  const rows = await calls(tx, filter)
    .selectAll()
    .$if(after !== undefined, (query) => query.where('id', '>', after ?? ''))
    .orderBy('id')
    .limit(limit)
    .execute()
  return rows.map((row) => ({
    id: row.id,
    createdAt: row.created_at,
    action: row.action,
    provider: row.provider,
    model: row.model,
    courseId: row.course_id,
    jobId: row.job_id,
    succeeded: row.succeeded,
    tokensIn: Number(row.tokens_in),
    tokensOut: Number(row.tokens_out),
    costNanoUsd: row.cost_nano_usd === null ? null : BigInt(row.cost_nano_usd),
    latencyMs: row.latency_ms,
    strategyPath: row.strategy_path,
    promptVersion: row.prompt_version,
    attempt: row.attempt,
    outcome: row.outcome,
    tokensFresh: Number(row.tokens_fresh),
    tokensCacheRead: Number(row.tokens_cache_read),
    tokensCacheWrite: Number(row.tokens_cache_write),
    tokensReasoning: Number(row.tokens_reasoning),
    usageSource: row.usage_source,
  }))
}

function calls(tx: Tx, { from, to, tenantId, courseId, jobId, action, provider, model }: Filter) {
  const within: Expression<SqlBool> = sql<SqlBool>`created_at >= ${from} AND created_at < ${to}`
  const wanted = { tenant_id: tenantId, course_id: courseId, job_id: jobId, action, provider, model }
  return tx
    .selectFrom('llm_calls')
    .where(within)
    .where((is) => is.and(Object.fromEntries(Object.entries(wanted).filter(([, value]) => value !== undefined))))
}

const NOTHING: Summary = {
  calls: 0,
  succeeded: 0,
  unpriced: 0,
  costNanoUsd: 0n,
  estimatedNanoUsd: 0n,
  tokensIn: 0,
  tokensOut: 0,
  avgLatencyMs: 0,
}

type SumsRow = {
  calls: string
  succeeded: string
  unpriced: string
  cost: string
  estimated: string
  tokens_in: string
  tokens_out: string
  latency: string | null
}

function sumsOf(row: SumsRow): Sums {
  return {
    calls: Number(row.calls),
    succeeded: Number(row.succeeded),
    unpriced: Number(row.unpriced),
    costNanoUsd: BigInt(row.cost),
    tokensIn: Number(row.tokens_in),
    tokensOut: Number(row.tokens_out),
    avgLatencyMs: Number(row.latency ?? 0),
  }
}
