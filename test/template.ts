import pg from 'pg'
import { migrate } from '#platform/db/migrate.ts'
import { ensureDatabase, ensureRoles } from '#platform/db/roles.ts'
import { installQueue } from '#platform/queue/install.ts'

export const TEMPLATE = 'template_course_supporter'

export const ROLES = {
  owner: { name: 'cs_owner', password: 'owner-password' },
  app: { name: 'cs_app', password: 'app-password' },
  queue: { name: 'cs_queue', password: 'queue-password' },
}

export type DatabaseUrls = Record<keyof typeof ROLES | 'superuser', string>

/** The URLs of one database, by role. */
export function databaseUrls(superuserUrl: string, database: string): DatabaseUrls {
  const as = (role?: { name: string; password: string }) => {
    const url = new URL(superuserUrl)
    url.pathname = `/${database}`
    if (role) Object.assign(url, { username: role.name, password: role.password })
    return url.href
  }
  return { superuser: as(), owner: as(ROLES.owner), app: as(ROLES.app), queue: as(ROLES.queue) }
}

/** Makes the migrated database from which every test file's own is cloned. */
export async function prepareTemplate(superuserUrl: string) {
  const client = new pg.Client({ connectionString: superuserUrl })
  await client.connect()
  await ensureRoles(client, ROLES)
  await client.query(`DROP DATABASE IF EXISTS ${TEMPLATE} WITH (FORCE)`)
  await ensureDatabase(client, TEMPLATE, { owner: ROLES.owner.name, app: ROLES.app.name, queue: ROLES.queue.name })
  await client.end()
  const urls = databaseUrls(superuserUrl, TEMPLATE)
  await migrate({ url: urls.owner, folder: new URL('../migrations', import.meta.url).pathname })
  await installQueue({ ownerUrl: urls.owner, queueUrl: urls.queue })
}
