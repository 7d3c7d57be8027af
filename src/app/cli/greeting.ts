import { createTenants } from '#features/access/index.ts'
import type { Config } from '../config.ts'
import type { Services } from '../services.ts'
import { welcome } from './welcome.ts'

/**
 * What `start` says when it is ready. On the first start of an embedded installation there is nobody yet: it makes a tenant and a key to
 * try things with.
 */
export async function greeting({ database }: Config, { db }: Pick<Services, 'db'>, url: string): Promise<string> {
  const tenants = createTenants({ db })
  const known = await tenants.list()
  if (known.length > 0 || database.kind === 'server') return welcome({ url, tenants: known.map(({ name }) => name) })
  const { name } = await tenants.create('Demo')
  const { key } = await tenants.issueKey({ tenant: name, scopes: ['prep', 'check'], label: 'first start' })
  return welcome({ url, tenants: [name], key })
}
