import { createHmac } from 'node:crypto'
import pg from 'pg'
import { migrate } from '#platform/db/migrate.ts'
import { ensureDatabase, ensureRoles } from '#platform/db/roles.ts'
import { openEmbeddedPostgres } from '#platform/postgres/index.ts'
import { installQueue } from '#platform/queue/index.ts'
import type { DatabaseConfig } from './config.ts'
import { MIGRATIONS } from './paths.ts'

/** How to reach the database as each of its roles. */
export type DatabaseServer = { appUrl: string; queueUrl: string; migrationUrl: string; close(): Promise<void> }

const DATABASE = 'course_supporter'

/** The configured server, or the embedded one: started if nobody runs it, with its roles, database and migrations in place. */
export async function openDatabaseServer(
  config: DatabaseConfig,
  say: (line: string) => void = () => undefined,
): Promise<DatabaseServer> {
  if (config.kind === 'server') return { ...config, close: async () => undefined }
  const server = await openEmbeddedPostgres({ folder: config.folder, log: say })
  try {
    const role = (name: string) => ({
      name,
      password: createHmac('sha256', server.password).update(name).digest('hex'),
    })
    const roles = {
      owner: role('course_supporter_owner'),
      app: role('course_supporter'),
      queue: role('course_supporter_queue'),
    }
    await withClient(server.url('postgres'), async (client) => {
      await ensureRoles(client, roles)
      await ensureDatabase(client, DATABASE, { owner: roles.owner.name, app: roles.app.name, queue: roles.queue.name })
    })
    const urls = {
      appUrl: server.url(DATABASE, roles.app),
      queueUrl: server.url(DATABASE, roles.queue),
      migrationUrl: server.url(DATABASE, roles.owner),
    }
    await migrateDatabase(urls)
    return { ...urls, close: server.close }
  } catch (error) {
    await server.close()
    throw error
  }
}

/** Brings the database up to this program's version. Returns the names of the migrations applied now. */
export async function migrateDatabase({
  migrationUrl,
  queueUrl,
}: Pick<DatabaseServer, 'migrationUrl' | 'queueUrl'>): Promise<string[]> {
  const applied = await migrate({ url: migrationUrl, folder: MIGRATIONS })
  await installQueue({ ownerUrl: migrationUrl, queueUrl })
  return applied
}

async function withClient(url: string, work: (client: pg.Client) => Promise<void>) {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 10_000 })
  await client.connect()
  try {
    await work(client)
  } finally {
    await client.end()
  }
}
