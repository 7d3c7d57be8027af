import { createHmac } from 'node:crypto'
import pg from 'pg'
import { migrate } from '#platform/db/migrate.ts'
import { ensureMissingRoles } from '#platform/db/missing-roles.ts'
import { ensureDatabase, ensureRoles, type LoginRole } from '#platform/db/roles.ts'
import { openEmbeddedPostgres } from '#platform/postgres/index.ts'
import type { DatabaseConfig } from './config.ts'
import { causeOf } from './describe-error.ts'
import { MIGRATIONS } from './paths.ts'

/** How to reach the database as each of its roles. */
export type DatabaseServer = {
  appUrl: string
  queueUrl: string
  migrationUrl: string
  /** The names of the migrations that opening it has applied. */
  applied: string[]
  close(): Promise<void>
}

const DATABASE = 'course_supporter'

/** The configured server, or the embedded one: started if nobody runs it, with its roles, database and migrations in place. */
export async function openDatabaseServer(
  config: DatabaseConfig,
  say: (line: string) => void = () => undefined,
): Promise<DatabaseServer> {
  if (config.kind === 'server') return { ...config, applied: [], close: async () => undefined }
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
    return { ...urls, applied: await applyMigrations(urls), close: server.close }
  } catch (error) {
    await server.close()
    throw error
  }
}

/**
 * Brings a configured server's database up to this program's version, with the roles that are missing if the migrating one may make them.
 * Returns the names of the migrations applied now.
 */
export async function migrateServer(urls: Pick<DatabaseServer, 'appUrl' | 'queueUrl' | 'migrationUrl'>) {
  await withClient(urls.migrationUrl, async (client) => {
    await ensureMissingRoles(client, {
      app: urls.appUrl === '' ? undefined : loginOf(urls.appUrl),
      queue: loginOf(urls.queueUrl),
    })
  }).catch((error) => {
    throw new Error(`The database (MIGRATION_DATABASE_URL) cannot be migrated: ${causeOf(error)}`, { cause: error })
  })
  return await applyMigrations(urls)
}

type MigrationUrls = Pick<DatabaseServer, 'migrationUrl' | 'queueUrl'>

async function applyMigrations({ migrationUrl, queueUrl }: MigrationUrls): Promise<string[]> {
  const applied = await migrate({ url: migrationUrl, folder: MIGRATIONS })
  const { installQueue } = await import('#platform/queue/install.ts')
  await installQueue({ ownerUrl: migrationUrl, queueUrl })
  return applied
}

function loginOf(url: string): LoginRole {
  const { username, password } = new URL(url)
  return { name: decodeURIComponent(username), password: decodeURIComponent(password) }
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
