import type { Command } from 'commander'
import type { createTenants } from '#features/access/index.ts'
import { usd } from '#kernel/money.ts'
import type { Provider } from '#platform/llm/registry.ts'
import { providersOrAll, usdOrNone } from './options.ts'
import type { Terminal } from './terminal.ts'

type Tenants = ReturnType<typeof createTenants>
type Named = { name: string; json?: boolean }

/** What a tenant may spend on language models, and with whom. `named` makes a command about one tenant. */
export function moneyCommands(
  named: (name: string, description: string) => Command,
  { out, withTenants }: Pick<Terminal, 'out' | 'withTenants'>,
) {
  named('budget', 'what language models may cost a tenant in a UTC month; what is spent stays spent')
    .option('--monthly-usd <usd>', 'such as 25 or 12.50; none for no limit; without it the budget is shown', usdOrNone)
    .action(async ({ name, monthlyUsd, json }: Named & { monthlyUsd?: bigint | 'none' }) => {
      if (monthlyUsd === undefined) {
        const { id, budget, spent } = await withTenants((tenants) => listed(tenants, name))
        const shown = { monthly_budget_usd: budget === null ? null : usd(budget), spent_usd: usd(spent) }
        const text = `The budget of ${name}: ${shownBudget(budget)} a month, ${usd(spent)} USD spent in this one.`
        return out(json ? JSON.stringify({ id, name, ...shown }) : text)
      }
      const budget = monthlyUsd === 'none' ? null : monthlyUsd
      const { id, before, spent } = await withTenants((tenants) => tenants.setBudget(name, budget))
      const [now, previous] = [budget, before].map((amount) => (amount === null ? null : usd(amount)))
      if (json)
        return out(
          JSON.stringify({
            ...{ id, name, monthly_budget_usd: now, previous_monthly_budget_usd: previous },
            spent_usd: usd(spent),
          }),
        )
      const change = `${shownBudget(before)} → ${shownBudget(budget)} a month, ${usd(spent)} USD spent in this one`
      const note = budget !== null && spent >= budget ? '\nUntil the next month nothing more can be spent.' : ''
      out(`The budget of ${name}: ${change}.${note}`)
    })

  named('providers', 'which providers of language models may see the materials of a tenant')
    .option(
      '--allow <providers>',
      'such as openai,anthropic; all for every one configured; without it they are shown',
      providersOrAll,
    )
    .action(async ({ name, allow, json }: Named & { allow?: Provider[] | 'all' }) => {
      if (allow === undefined) {
        const { id, providers } = await withTenants((tenants) => listed(tenants, name))
        const text = `The providers of ${name}: ${shownProviders(providers)}.`
        return out(json ? JSON.stringify({ id, name, llm_providers: providers }) : text)
      }
      const providers = allow === 'all' ? null : allow
      const { id, before } = await withTenants((tenants) => tenants.setProviders(name, providers))
      const text = `The providers of ${name}: ${shownProviders(before)} → ${shownProviders(providers)}.`
      out(json ? JSON.stringify({ id, name, llm_providers: providers, previous_llm_providers: before }) : text)
    })
}

async function listed(tenants: Tenants, name: string) {
  const { id } = await tenants.require(name)
  const found = (await tenants.list()).find((tenant) => tenant.id === id)
  if (found === undefined) throw new Error('The tenant is gone.')
  return found
}

export const shownBudget = (budget: bigint | null) => (budget === null ? 'none' : `${usd(budget)} USD`)

export const shownProviders = (providers: readonly string[] | null) => providers?.join(', ') ?? 'all'
