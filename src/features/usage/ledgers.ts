import { setTimeout } from 'node:timers/promises'
import { Failure } from '#kernel/failure.ts'
import type { Database, TenantTx } from '#platform/db/database.ts'
import type { CallEnd, CallStart, Ledger } from '#platform/llm/ledger.ts'
import { costOf } from '#platform/llm/price.ts'
import { inputOf, type Usage } from '#platform/llm/usage.ts'
import type { Log } from '#platform/log/index.ts'
import { createBudgetEvents } from './budget-events.ts'
import { budgetExceeded, llmUnpriced } from './failures.ts'
import type { LedgerRow } from './ledger-store.ts'
import * as store from './ledger-store.ts'

/** Whose money it is, and for what. */
export type LedgerOf = {
  tenantId: string
  courseId: string | null
  jobId: string | null
  /** Stores what was bought, in the transaction that pays for it. It may be run twice for one answer, and then stores it once. */
  keep?: (tx: TenantTx, call: CallEnd, answer: unknown) => Promise<void>
}

export type Ledgers = {
  for(whose: LedgerOf): Ledger
  /** Settles what an earlier run of the job has left: for the beginning of a run. Returns how many attempts those were. */
  settleLost(tenantId: string, jobId: string): Promise<number>
  /** Settles what any killed process has left and whose time is over, of all tenants: for a sweep. Returns how many. */
  settleExpired(): Promise<number>
  /** Throws the Failure `budget.exceeded` when nothing is left of the tenant's budget or of the installation's. */
  requireBudget(tx: TenantTx): Promise<void>
  /** The providers that may see the tenant's materials; null: all that are configured. */
  providersOf(tx: TenantTx): Promise<string[] | null>
}

type Deps = {
  db: Pick<Database, 'forTenant' | 'asOperator'>
  log: Pick<Log, 'warn' | 'error'>
  /** Of one UTC month and all tenants together. Null: none. */
  installationLimitNanoUsd: bigint | null
  /** Milliseconds after which writing an attempt down is tried again while the database is away. */
  settleAgainMs?: readonly number[]
}

/** Seconds that an attempt may take to be written down after it ended. A longer one is settled as lost, and corrected when it comes. */
const GRACE = 120

/** The accounts of what language models cost, in the database. They hold whatever happens to this process. */
export function createLedgers({ db, log, installationLimitNanoUsd, settleAgainMs = [250, 2_000] }: Deps): Ledgers {
  const events = createBudgetEvents({ log, limit: installationLimitNanoUsd })

  return {
    for: ({ tenantId, courseId, jobId, keep }) => ({
      async reserve(call) {
        const refusal = await db.forTenant(tenantId, (tx) =>
          store.reserve(tx, {
            call: lostRow(call, { courseId, jobId }),
            nanoUsd: call.maxCostNanoUsd,
            leaseSeconds: Math.ceil(call.deadlineSeconds) + GRACE,
            installationLimit: installationLimitNanoUsd,
          }),
        )
        if (refusal === undefined) return
        if (refusal.why === 'unpriced') throw llmUnpriced(call.model)
        const { why: scope, shortage } = refusal
        events.refused({ tenantId, scope, call, ...(shortage === undefined ? {} : { shortage }) })
        throw budgetExceeded(scope, shortage)
      },
      async settle(call, answer) {
        const row = endedRow(call, { courseId, jobId })
        if (answer === undefined || keep === undefined) return pay(tenantId, row)
        try {
          await pay(tenantId, row, (tx) => keep(tx, call, answer))
        } catch (error) {
          // What cannot be stored, as its course is gone, is paid for all the same.
          if (!isOutage(error)) await pay(tenantId, row)
          throw error
        }
      },
    }),
    settleLost,
    async settleExpired() {
      let settled = 0
      for (const tenantId of await db.asOperator('settle lost calls', store.tenantsWithOverdue)) {
        try {
          settled += await settleLost(tenantId, null)
        } catch (error) {
          if (isOutage(error)) throw error
          // One tenant's attempt that cannot be written down is no reason for the others to wait.
          log.error({ err: error, tenantId }, 'lost calls of a tenant cannot be settled')
        }
      }
      return settled
    },
    async requireBudget(tx) {
      const exhausted = await store.findExhausted(tx, installationLimitNanoUsd)
      if (exhausted === undefined) return
      events.refused(exhausted)
      throw budgetExceeded(exhausted.scope)
    },
    providersOf: store.providersOf,
  }

  async function pay(tenantId: string, row: LedgerRow, before?: (tx: TenantTx) => Promise<void>): Promise<void> {
    const accounts = await insisting(settleAgainMs, () =>
      db.forTenant(tenantId, async (tx) => {
        // First, as everyone else who pays waits from then on.
        await before?.(tx)
        return store.settle(tx, row)
      }),
    )
    events.settled(tenantId, accounts)
  }

  async function settleLost(tenantId: string, jobId: string | null): Promise<number> {
    for (let settled = 0; ; ) {
      const some = await db.forTenant(tenantId, (tx) => store.settleLost(tx, jobId))
      if (some === undefined) return settled
      settled += some.settled
      events.settled(tenantId, some.accounts)
    }
  }
}

/** Tries again while the database is away: what is paid for is worth some patience. */
async function insisting<T>(pausesMs: readonly number[], work: () => Promise<T>): Promise<T> {
  for (const pause of pausesMs) {
    try {
      return await work()
    } catch (error) {
      if (!isOutage(error)) throw error
      await setTimeout(pause)
    }
  }
  return work()
}

const isOutage = (error: unknown) => error instanceof Failure && error.kind === 'unavailable'

type About = { courseId: string | null; jobId: string | null }

/** What becomes of an attempt that nobody hears of again: its provider has probably billed it. */
const lostRow = (call: CallStart, about: About): LedgerRow => ({
  ...rowOf(call, about, call.estimated),
  ...{ succeeded: false, outcome: 'lost', usage_source: 'estimated', latency_ms: 0 },
  cost_nano_usd: call.price === null ? null : String(costOf(call.estimated, call.price)),
})

const endedRow = (call: CallEnd, about: About): LedgerRow => ({
  ...rowOf(call, about, call.usage),
  ...{ succeeded: call.outcome === 'answered', outcome: call.outcome, usage_source: call.usageSource },
  latency_ms: Math.round(call.latencyMs),
  cost_nano_usd: call.costNanoUsd === null ? null : String(call.costNanoUsd),
})

function rowOf(call: CallStart, { courseId, jobId }: About, usage: Usage) {
  const { id, action, strategy, strategyPath, provider, model, promptVersion, attempt, price } = call
  return {
    id,
    course_id: courseId,
    job_id: jobId,
    action,
    strategy,
    strategy_path: strategyPath,
    provider,
    model,
    prompt_version: promptVersion,
    attempt,
    tokens_in: inputOf(usage),
    tokens_out: usage.output,
    tokens_fresh: usage.fresh,
    tokens_cache_read: usage.cacheRead,
    tokens_cache_write: usage.cacheWrite,
    tokens_reasoning: usage.reasoning,
    milliseconds: usage.milliseconds === 0 ? null : usage.milliseconds,
    price: price === null ? null : Object.fromEntries(Object.entries(price).map(([part, value]) => [part, `${value}`])),
  }
}
