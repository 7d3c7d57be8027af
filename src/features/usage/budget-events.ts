import { usd } from '#kernel/money.ts'
import type { Log } from '#platform/log/index.ts'
import type { BudgetScope, Shortage } from './failures.ts'
import type { Accounts } from './ledger-store.ts'

type Refused = {
  tenantId: string
  scope: BudgetScope
  call?: { action: string; provider: string; model: string }
  shortage?: Shortage
}

const LEVELS = [
  { percent: 80, level: 'warn' },
  { percent: 100, level: 'error' },
] as const

/**
 * What monitoring can alarm on, in the log:
 * - `budget.reached` `{percent: 80 | 100, scope: tenant | installation, tenantId (tenant), month, spentUsd, limitUsd}`, at warn (80) or
 *   error (100), once each time that settled spending of a UTC month goes from below that share of a limit to it or beyond;
 * - `budget.refused` `{scope, tenantId, action, provider, model (when a call was refused), needsUsd, leftUsd (when something is left)}`, at
 *   warn, for every refusal.
 */
export function createBudgetEvents({ log, limit }: { log: Pick<Log, 'warn' | 'error'>; limit: bigint | null }) {
  return {
    refused: ({ tenantId, scope, call, shortage }: Refused) => {
      const { action, provider, model } = call ?? {}
      const { needs, left = null } = shortage ?? {}
      const amounts = {
        ...(needs === undefined ? {} : { needsUsd: usd(needs) }),
        ...(left === null ? {} : { leftUsd: usd(left) }),
      }
      const about = { event: 'budget.refused', scope, tenantId, action, provider, model, ...amounts }
      log.warn(about, needs === undefined ? 'A budget has no room left.' : 'A budget has no room for a call.')
    },
    settled: (tenantId: string, { month, budget, spent, total }: Accounts) => {
      tell({ scope: 'tenant', tenantId }, month, spent, budget)
      tell({ scope: 'installation' }, month, total, limit)
    },
  }

  function tell(
    about: { scope: BudgetScope; tenantId?: string },
    month: string,
    { before, after }: Accounts['spent'],
    of: bigint | null,
  ) {
    if (of === null) return
    for (const { percent, level } of LEVELS) {
      const line = of * BigInt(percent)
      if (before * 100n >= line || after * 100n < line) continue
      const fields = { event: 'budget.reached', percent, ...about, month, spentUsd: usd(after), limitUsd: usd(of) }
      log[level](fields, `${percent} % of a budget is spent.`)
    }
  }
}
