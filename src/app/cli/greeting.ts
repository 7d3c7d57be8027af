import { createTenants } from '#features/access/index.ts'
import { usd } from '#kernel/money.ts'
import type { Config } from '../config.ts'
import type { Services } from '../services.ts'
import { welcome } from './welcome.ts'

/**
 * What `start` says when it is ready. On the first start of an embedded installation there is nobody yet: it makes a tenant and a key to
 * try things with.
 */
export async function greeting(
  { database, llm, webhookTargets }: Config,
  { db }: Pick<Services, 'db'>,
  url: string,
): Promise<string> {
  const tenants = createTenants({ db })
  const known = await tenants.list()
  const about = { url, models: modelsLine(llm), webhookTargets }
  if (known.length > 0 || database.kind === 'server') {
    return welcome({ ...about, tenants: known.map(({ name }) => name) })
  }
  const { name } = await tenants.create('Demo')
  const { key } = await tenants.issueKey({ tenant: name, scopes: ['prep', 'check'], label: 'first start' })
  return welcome({ ...about, tenants: [name], key })
}

/** A mistyped variable is no mistake to the program: so it says what it has understood. */
function modelsLine({ keys, monthlyLimitNanoUsd: limit }: Config['llm']): string {
  const providers = Object.entries(keys).map(([name, { baseUrl }]) =>
    baseUrl === undefined ? name : `${name} (${baseUrl})`,
  )
  if (providers.length === 0) return 'none, courses are made by the outline engine'
  return `${providers.join(', ')}; ${limit === null ? 'no limit' : `at most ${usd(limit)} USD a month`} for all together`
}
