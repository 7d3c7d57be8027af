import { type Expression, type SqlBool, sql } from 'kysely'
import type { OperatorTx, TenantTx } from '#platform/db/database.ts'

/** Half-open: `from` belongs to it, `to` does not. */
export type Period = { from: Date; to: Date }

export type Grouping = 'action' | 'provider' | 'model' | 'course' | 'day'

/** Sums over calls. Money is whole nano-USD; calls whose price is unknown add nothing to it. */
export type Sums = {
  calls: number
  succeeded: number
  costNanoUsd: bigint
  tokensIn: number
  tokensOut: number
  /** 0 where there are no calls. */
  avgLatencyMs: number
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
}

type Tx = TenantTx | OperatorTx
type Filter = Period & { tenantId?: string }

const DAY = sql`to_char(created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD')`

// What https://www.postgresql.org/docs/17/functions-aggregate.html calls the grouping mask: a bit is 0 where the column was grouped by.
const MASK = sql<number>`grouping(action, provider, model, course_id, ${DAY})`
const GROUPING_OF = new Map<number, Grouping>([
  [0b01111, 'action'],
  [0b10111, 'provider'],
  [0b11011, 'model'],
  [0b11101, 'course'],
  [0b11110, 'day'],
])

const SUMS = [
  sql<string>`count(*)`.as('calls'),
  sql<string>`count(*) FILTER (WHERE succeeded)`.as('succeeded'),
  sql<string>`coalesce(sum(cost_nano_usd), 0)`.as('cost'),
  sql<string>`coalesce(sum(tokens_in), 0)`.as('tokens_in'),
  sql<string>`coalesce(sum(tokens_out), 0)`.as('tokens_out'),
  sql<string | null>`round(avg(latency_ms))`.as('latency'),
] as const

export async function sumCalls(tx: Tx, filter: Filter): Promise<Sums> {
  const row = await calls(tx, filter).select(SUMS).executeTakeFirstOrThrow()
  return sumsOf(row)
}

/** The sums of the period as a whole and by every grouping, from one look at the ledger: they add up. Days in their order, else the dearest first. */
export async function sumCallsByAll(
  tx: Tx,
  filter: Filter,
): Promise<{ summary: Sums; groups: Record<Grouping, GroupSums[]> }> {
  const rows = await calls(tx, filter)
    .select([...SUMS, MASK.as('mask')])
    // All but the column grouped by are null.
    .select(sql<string | null>`coalesce(action, provider, model, course_id::text, ${DAY})`.as('group'))
    .groupBy(sql`GROUPING SETS ((), (action), (provider), (model), (course_id), (${DAY}))`)
    .orderBy(sql`${DAY}, coalesce(sum(cost_nano_usd), 0) DESC, count(*) DESC, "group"`)
    .execute()
  const groups: Record<Grouping, GroupSums[]> = { action: [], provider: [], model: [], course: [], day: [] }
  let summary = NOTHING
  for (const row of rows) {
    const grouping = GROUPING_OF.get(row.mask)
    if (grouping === undefined) summary = sumsOf(row)
    else groups[grouping].push({ ...sumsOf(row), group: row.group })
  }
  return { summary, groups }
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
  }))
}

function calls(tx: Tx, { from, to, tenantId }: Filter) {
  const within: Expression<SqlBool> = sql<SqlBool>`created_at >= ${from} AND created_at < ${to}`
  return tx
    .selectFrom('llm_calls')
    .where(within)
    .$if(tenantId !== undefined, (query) => query.where('tenant_id', '=', tenantId ?? ''))
}

const NOTHING: Sums = { calls: 0, succeeded: 0, costNanoUsd: 0n, tokensIn: 0, tokensOut: 0, avgLatencyMs: 0 }

type SumsRow = {
  calls: string
  succeeded: string
  cost: string
  tokens_in: string
  tokens_out: string
  latency: string | null
}

function sumsOf(row: SumsRow): Sums {
  return {
    calls: Number(row.calls),
    succeeded: Number(row.succeeded),
    costNanoUsd: BigInt(row.cost),
    tokensIn: Number(row.tokens_in),
    tokensOut: Number(row.tokens_out),
    avgLatencyMs: Number(row.latency ?? 0),
  }
}
