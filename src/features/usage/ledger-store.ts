import { type RawBuilder, sql } from 'kysely'
import type { OperatorTx, TenantTx } from '#platform/db/database.ts'
import type { BudgetScope, Shortage } from './failures.ts'

/** A row of the ledger as PostgreSQL reads it from JSON. Tokens are counts; money is a decimal string, which JSON numbers would round. */
export type LedgerRow = {
  id: string
  course_id: string | null
  job_id: string | null
  action: string
  strategy: string
  strategy_path: string
  provider: string
  model: string
  prompt_version: string
  attempt: number
  succeeded: boolean
  outcome: string
  usage_source: 'reported' | 'estimated' | 'none'
  tokens_in: number
  tokens_out: number
  tokens_fresh: number
  tokens_cache_read: number
  tokens_cache_write: number
  tokens_reasoning: number
  milliseconds: number | null
  price: Record<string, string> | null
  cost_nano_usd: string | null
  latency_ms: number
}

/** A month's spending around a change of it, in nano-USD: the tenant's, and of the whole installation. */
export type Accounts = {
  /** `2026-09`, UTC. */
  month: string
  budget: bigint | null
  spent: { before: bigint; after: bigint }
  total: { before: bigint; after: bigint }
}

type Reservation = {
  /** What the ledger is told if the attempt is never heard of again. */
  call: LedgerRow
  /** Null when the price is unknown. */
  nanoUsd: bigint | null
  leaseSeconds: number
  installationLimit: bigint | null
}

/** Why an attempt gets no money. Without `shortage` nothing at all is left. */
type Refusal = { why: 'unpriced' } | { why: BudgetScope; shortage?: Shortage }

/** Sets money aside for an attempt; undefined, or why it cannot be. */
export async function reserve(tx: TenantTx, reservation: Reservation): Promise<Refusal | undefined> {
  const { call, nanoUsd, leaseSeconds, installationLimit } = reservation
  const { rows } = await sql<{ refusal: BudgetScope | 'unpriced' | null }>`
    SELECT reserve_llm_call(${JSON.stringify(call)}::jsonb, ${text(nanoUsd)}::bigint, ${leaseSeconds}::integer,
      ${text(installationLimit)}::bigint) AS refusal`.execute(tx)
  const why = rows[0]?.refusal ?? undefined
  if (why === undefined || why === 'unpriced') return why && { why }
  const exhausted = await findExhausted(tx, installationLimit)
  if (exhausted?.scope === why || nanoUsd === null) return { why }
  return { why, shortage: { needs: nanoUsd, left: why === 'tenant' ? await leftOf(tx) : null } }
}

/** What neither is spent nor set aside of the tenant's budget of this month; null when it has none. */
async function leftOf(tx: TenantTx): Promise<bigint | null> {
  const { rows } = await sql<{ left: string | null }>`
    SELECT t.monthly_budget_nano_usd - coalesce(s.spent_nano_usd + s.reserved_nano_usd, 0) AS left
    FROM tenants t LEFT JOIN llm_spending s
      ON s.tenant_id = t.id AND s.month = date_trunc('month', now() AT TIME ZONE 'UTC')::date`.execute(tx)
  const left = rows[0]?.left ?? null
  return left === null ? null : BigInt(left)
}

/** Writes an attempt down and gives back what was set aside for it. Doing it twice changes nothing. */
export async function settle(tx: TenantTx, call: LedgerRow): Promise<Accounts> {
  const { rows } = await sql<AccountsRow>`SELECT * FROM settle_llm_call(${JSON.stringify(call)}::jsonb)`.execute(tx)
  const [row] = rows
  if (row === undefined) throw new Error('settle_llm_call has returned nothing')
  return accountsOf(row)
}

/** Settles attempts that were left behind, of one job or (null) all that are overdue: some of them, undefined when there are none. */
export async function settleLost(
  tx: TenantTx,
  jobId: string | null,
): Promise<{ settled: number; accounts: Accounts } | undefined> {
  const query: RawBuilder<AccountsRow & { settled: number }> = sql`
    SELECT l.settled, (l.accounts).* FROM settle_lost_llm_calls(${jobId}::uuid) l`
  const [row] = (await query.execute(tx)).rows
  return row === undefined || row.settled === 0 ? undefined : { settled: row.settled, accounts: accountsOf(row) }
}

/** The tenants with attempts whose time is over. */
export async function tenantsWithOverdue(tx: OperatorTx): Promise<string[]> {
  const overdue = tx
    .selectFrom('llm_reservations')
    .select('tenant_id')
    .distinct()
    .where('expires_at', '<', sql<Date>`now()`)
  return (await overdue.execute()).map((row) => row.tenant_id)
}

/** Which budget the tenant finds used up this month. */
export async function findExhausted(
  tx: TenantTx,
  installationLimit: bigint | null,
): Promise<{ tenantId: string; scope: BudgetScope } | undefined> {
  const { rows } = await sql<{ tenantId: string; scope: BudgetScope | null }>`
    SELECT current_tenant() AS "tenantId", find_exhausted_llm_budget(${text(installationLimit)}::bigint) AS scope`.execute(
    tx,
  )
  const [{ tenantId, scope } = { tenantId: '', scope: null }] = rows
  return scope === null ? undefined : { tenantId, scope }
}

/** The providers that may see the tenant's materials; null: all that are configured. */
export async function providersOf(tx: TenantTx): Promise<string[] | null> {
  const tenant = await tx.selectFrom('tenants').select('llm_providers as providers').executeTakeFirstOrThrow()
  return tenant.providers
}

type AccountsRow = {
  month: string
  budget_nano_usd: string | null
  spent_before_nano_usd: string
  spent_after_nano_usd: string
  total_before_nano_usd: string
  total_after_nano_usd: string
}

const accountsOf = (row: AccountsRow): Accounts => ({
  month: row.month,
  budget: row.budget_nano_usd === null ? null : BigInt(row.budget_nano_usd),
  spent: { before: BigInt(row.spent_before_nano_usd), after: BigInt(row.spent_after_nano_usd) },
  total: { before: BigInt(row.total_before_nano_usd), after: BigInt(row.total_after_nano_usd) },
})

const text = (nano: bigint | null) => (nano === null ? null : String(nano))
