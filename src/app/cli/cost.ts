import type { Command } from 'commander'
import { createTenants } from '#features/access/index.ts'
import { type CostReport, usageFeature, usd } from '#features/usage/index.ts'
import { dayOf } from './options.ts'
import { table } from './table.ts'
import type { Terminal } from './terminal.ts'

type Options = { tenant?: string; from?: Date; to?: Date; json?: boolean }

export function costCommand(program: Command, { out, withServices }: Terminal) {
  program
    .command('cost')
    .description('what language models cost: of the running UTC month, of all tenants, unless said otherwise')
    .option('--tenant <name>', 'of one tenant')
    .option('--from <day>', 'first day, UTC', dayOf)
    .option('--to <day>', 'the day after the last, UTC', dayOf)
    .option('--json', 'print JSON')
    .action(async ({ tenant, from, to, json }: Options) => {
      const report = await withServices(async ({ db }) => {
        const id = tenant === undefined ? undefined : (await createTenants({ db }).require(tenant)).id
        const { reports } = usageFeature({ db, now: () => new Date() })
        return reports.reportFor(id, { ...(from ? { from } : {}), ...(to ? { to } : {}) })
      })
      out(json ? JSON.stringify(shown(report)) : described(report))
    })
}

function shown({ from, to, summary, groups }: CostReport) {
  const rows = (found: CostReport['groups']['day']) =>
    found.map(({ group, calls, costNanoUsd, tokensIn, tokensOut }) => ({
      group,
      calls,
      cost_usd: usd(costNanoUsd),
      tokens_in: tokensIn,
      tokens_out: tokensOut,
    }))
  return {
    from: from.toISOString(),
    to: to.toISOString(),
    summary: {
      total_calls: summary.calls,
      successful_calls: summary.succeeded,
      failed_calls: summary.calls - summary.succeeded,
      total_cost_usd: usd(summary.costNanoUsd),
      total_tokens_in: summary.tokensIn,
      total_tokens_out: summary.tokensOut,
      avg_latency_ms: summary.avgLatencyMs,
    },
    by_action: rows(groups.action),
    by_provider: rows(groups.provider),
    by_model: rows(groups.model),
    by_course: rows(groups.course),
    by_day: rows(groups.day),
  }
}

function described({ from, to, summary, groups }: CostReport): string {
  const head = `${from.toISOString().slice(0, 10)} to ${to.toISOString().slice(0, 10)} (exclusive): ${summary.calls} calls, ${usd(summary.costNanoUsd)} USD`
  if (summary.calls === 0) return head
  const blocks = Object.entries(groups).map(([name, rows]) =>
    table(
      [name.toUpperCase(), 'CALLS', 'USD', 'TOKENS IN', 'TOKENS OUT'],
      rows.map((row) => [row.group, row.calls, usd(row.costNanoUsd), row.tokensIn, row.tokensOut]),
    ),
  )
  return [head, ...blocks].join('\n\n')
}
