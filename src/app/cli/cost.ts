import type { Command } from 'commander'
import type { CostReport } from '#features/usage/index.ts'
import { dayOf, shortText } from './options.ts'
import { table } from './table.ts'
import type { Terminal } from './terminal.ts'

type Options = { tenant?: string; from?: Date; to?: Date; json?: boolean }

export function costCommand(program: Command, { out, withTenants }: Terminal) {
  program
    .command('cost')
    .description('what language models cost: of the running UTC month, of all tenants, unless said otherwise')
    .option('--tenant <name>', 'of one tenant', shortText)
    .option('--from <day>', 'first day, UTC', dayOf)
    .option('--to <day>', 'the day after the last, UTC', dayOf)
    .option('--json', 'print JSON')
    .action(async ({ tenant, from, to, json }: Options) => {
      const { presentReport, usageFeature, usd } = await import('#features/usage/index.ts')
      const period = { ...(from ? { from } : {}), ...(to ? { to } : {}) }
      const { report, budget } = await withTenants(async (tenants, { db }) => {
        const { reports } = usageFeature({ db, now: () => new Date() })
        const id = tenant === undefined ? undefined : (await tenants.require(tenant)).id
        return {
          report: await reports.reportFor(id, period),
          budget: id === undefined ? NO_BUDGET : await reports.budgetOf(id),
        }
      })
      if (!json) return out(described(report, usd))
      // Budgets belong to tenants: all of them together have none.
      const { budget: one, ...shown } = presentReport(report, budget)
      out(JSON.stringify(tenant === undefined ? shown : { ...shown, budget: one }))
    })
}

const NO_BUDGET = { limitNanoUsd: null, spentNanoUsd: 0n, reservedNanoUsd: 0n }

function described({ from, to, summary, groups }: CostReport, usd: (nano: bigint) => string): string {
  const [first, end] = [from, to].map((day) => day.toISOString().slice(0, 10))
  const calls = `${summary.calls} call${summary.calls === 1 ? '' : 's'}`
  const head = `From ${first} to ${end} (exclusive): ${calls}, ${usd(summary.costNanoUsd)} USD.`
  if (summary.calls === 0) return head
  const blocks = Object.entries(groups).map(([name, rows]) =>
    table(
      [name.toUpperCase(), 'CALLS', 'USD', 'TOKENS IN', 'TOKENS OUT'],
      rows.map((row) => [row.group, row.calls, usd(row.costNanoUsd), row.tokensIn, row.tokensOut]),
      'none',
    ),
  )
  return [head, ...blocks].join('\n\n')
}
