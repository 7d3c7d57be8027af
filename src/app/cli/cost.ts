import type { Command } from 'commander'
import { dayOf, shortText } from './options.ts'
import type { Terminal } from './terminal.ts'

type Options = { tenant?: string; from?: Date; to?: Date; json?: boolean }

export function costCommand(program: Command, { out, stdout, config, withTenants }: Terminal) {
  program
    .command('cost')
    .description('what language models cost: of the running UTC month, of all tenants, unless said otherwise')
    .option('--tenant <name>', 'of one tenant', shortText)
    .option('--from <day>', 'first day, UTC', dayOf)
    .option('--to <day>', 'the day after the last, UTC', dayOf)
    .option('--json', 'print JSON')
    .action(async ({ tenant, from, to, json }: Options) => {
      const { presentBudget, presentReport, presentRow, usageFeature } = await import('#features/usage/index.ts')
      const period = { ...(from ? { from } : {}), ...(to ? { to } : {}) }
      const now = new Date()
      const { report, own, budgets, names, courses } = await withTenants(async (tenants, { db }) => {
        const { reports } = usageFeature({ db, now: () => now })
        const known = tenant === undefined ? await tenants.list() : [await tenants.require(tenant)]
        const id = tenant === undefined ? undefined : known[0]?.id
        const report = await reports.reportFor(id, period)
        return {
          report,
          names: new Map(known.map(({ id, name }) => [id, name])),
          own: id === undefined ? undefined : await reports.budgetOf(id),
          budgets: await reports.budgets(),
          courses: await reports.courseTitles(report.groups.course.flatMap(({ group }) => group ?? [])),
        }
      })
      const installation = { limitNanoUsd: config().llm.monthlyLimitNanoUsd, ...budgets.total }
      if (json && own) return out(JSON.stringify(presentReport(report, own)))
      if (json) {
        // Budgets belong to tenants: all of them together have that of the installation.
        const { budget, ...shown } = presentReport(report, installation)
        const by_tenant = report.groups.tenant.map((row) => {
          const id = row.group ?? ''
          const limits = budgets.byTenant.get(id)
          return { ...presentRow(row), name: names.get(id) ?? null, budget: limits ? presentBudget(limits) : null }
        })
        return out(JSON.stringify({ ...shown, by_tenant, installation: budget }))
      }
      const { costText } = await import('./cost-text.ts')
      const tenantsOf = () =>
        new Map([...budgets.byTenant].map(([id, budget]) => [id, { name: names.get(id) ?? id, budget }]))
      const text = costText({
        ...{ report, courses, month: now.toISOString().slice(0, 7) },
        budget: own ? { title: `The budget of ${tenant}`, ...own } : { title: 'The limit of all', ...installation },
        ...(own ? {} : { tenants: tenantsOf() }),
        columns: 'columns' in stdout && typeof stdout.columns === 'number' ? stdout.columns : 100,
      })
      out(text)
    })
}
