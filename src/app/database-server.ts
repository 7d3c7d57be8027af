import { createHmac } from 'node:crypto'
import pg from 'pg'
import { requireMigrated } from '#platform/db/installation.ts'
import { migrate } from '#platform/db/migrate.ts'
import { ensureMissingRoles } from '#platform/db/missing-roles.ts'
import { ensureDatabase, ensureRoles, type LoginRole } from '#platform/db/roles.ts'
import { openEmbeddedPostgres } from '#platform/postgres/index.ts'
import type { DatabaseConfig } from './config.ts'
import { causeOf } from './describe-error.ts'
import { keepAlive } from './keep-alive.ts'
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

type Options = {
  say?: (line: string) => void
  /** Whether to be content with an embedded database that serves this version already, as a short command is. */
  asItIs?: boolean
  /** Whether to start an embedded server again that somebody killed, until `close`. */
  watched?: boolean
}

/** The configured server, or the embedded one: started if nobody runs it, with its roles, database and migrations in place. */
export async function openDatabaseServer(
  config: DatabaseConfig,
  { say = () => undefined, asItIs = false, watched = false }: Options = {},
): Promise<DatabaseServer> {
  if (config.kind === 'server') return { ...config, applied: [], close: async () => undefined }
  const open = () => openEmbeddedPostgres({ folder: config.folder, log: say })
  const server = await open()
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
    const urls = {
      appUrl: server.url(DATABASE, roles.app),
      queueUrl: server.url(DATABASE, roles.queue),
      migrationUrl: server.url(DATABASE, roles.owner),
    }
    if (asItIs && (await isComplete(urls.appUrl))) return { ...urls, applied: [], close: server.close }
    await withClient(server.url('postgres'), async (client) => {
      await ensureRoles(client, roles)
      await ensureDatabase(client, DATABASE, { owner: roles.owner.name, app: roles.app.name, queue: roles.queue.name })
    })
    const applied = await applyMigrations(urls)
    return { ...urls, applied, ...(watched ? keepAlive({ server, open, say }) : { close: server.close }) }
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

// The functions of the queue are what is installed last.
async function isComplete(appUrl: string): Promise<boolean> {
  const pool = new pg.Pool({ connectionString: appUrl, max: 1, connectionTimeoutMillis: 10_000 })
  try {
    await requireMigrated({ pool }, MIGRATIONS)
    const { rows } = await pool.query<{ done: boolean }>(`SELECT to_regproc('queue.ping') IS NOT NULL AS done`)
    return rows[0]?.done === true
  } catch {
    return false
  } finally {
    await pool.end()
  }
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
