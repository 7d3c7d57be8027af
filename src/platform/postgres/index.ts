import { mkdir, realpath, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { requireAnswer } from './answer.ts'
import { findBinaries } from './binaries.ts'
import { dataFolder, ensureCluster } from './cluster.ts'
import { findPostmaster, stopPostmaster } from './postmaster.ts'
import { createPresence } from './presence.ts'
import { chooseRunAs } from './run-as.ts'
import { openServerLog } from './server-log.ts'
import { ensurePostmaster } from './start.ts'
import { inTurn } from './turn.ts'

export { lockFolder } from './process-lock.ts'

export type EmbeddedPostgres = {
  host: '127.0.0.1'
  port: number
  superuser: 'postgres'
  password: string
  /** The URL of a database of this server, for the superuser or for another role. */
  url(database: string, role?: { name: string; password: string }): string
  /** Stops the server, unless others still use it. A second call does nothing. */
  close(): Promise<void>
}

export type EmbeddedPostgresOptions = {
  /** Taken for this alone; made when it is not there. */
  folder: string
  log?: (message: string) => void
  /** PostgreSQL's own, as `{ fsync: 'off' }`, for a server that has yet to be started. */
  settings?: Record<string, string>
  /** How long the server may take until it answers, not counting the making of the databases. */
  deadlineMs?: number
}

const superuser = 'postgres'
// Longer than anybody's turn may take: initdb, a start and a stop all have their own deadlines.
const turnDeadlineMs = 120_000

/**
 * Gives access to the PostgreSQL that lives in `folder`, and starts it when nobody has. All processes that open a folder share
 * one server, which ends with the last of them; after a kill the next one to open puts everything in order. Data is as durable
 * as on any PostgreSQL unless `settings` say otherwise. Throws an Error of one line, with the cause and what to do about it.
 */
export async function openEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const { log = () => undefined, settings = {}, deadlineMs = 30_000 } = options
  const binaries = await findBinaries()
  const folder = await prepareFolder(options.folder)
  const data = dataFolder(folder)
  const users = createPresence(join(folder, 'users'))

  async function enter() {
    const dataOwner = await stat(data).catch(() => undefined)
    const runAs = await chooseRunAs(folder, binaries.initdb, dataOwner)
    const serverLog = await openServerLog(join(folder, 'postgres.log'))
    if (!dataOwner) log(`PostgreSQL: making a place for databases in ${folder}`)
    const sync = settings['fsync'] !== 'off'
    const password = await ensureCluster({ folder, initdb: binaries.initdb, runAs, serverLog }, { sync })
    const server = await ensurePostmaster({
      folder,
      postgres: binaries.postgres,
      runAs,
      serverLog,
      settings,
      deadlineMs,
    })
    await requireAnswer({ port: server.port, user: superuser, password }, deadlineMs)
    log(`PostgreSQL: process ${server.pid} answers on 127.0.0.1:${server.port}`)
    // Looking also clears away those who were killed, however long nobody closes in order.
    await users.present()
    return { server, password, logPath: serverLog.path, mine: await users.announce() }
  }

  const entered = await inTurn(join(folder, 'turn'), turnDeadlineMs, enter).catch((error) => {
    throw explained(error, folder)
  })
  const { server, password, mine, logPath } = entered

  async function leave() {
    try {
      await inTurn(join(folder, 'turn'), turnDeadlineMs, async () => {
        await users.withdraw(mine)
        if ((await users.present()).length > 0) return
        await stopPostmaster((await findPostmaster(data)) ?? server, logPath)
        log('PostgreSQL: stopped')
      })
    } catch (error) {
      if (!isSystemError(error) || error.code !== 'ENOENT') throw error
      // The folder has been removed under the server, and with it everybody's announcements.
      await stopPostmaster(server, logPath)
    } finally {
      await users.withdraw(mine)
    }
  }

  let leaving: Promise<void> | undefined
  return {
    host: '127.0.0.1',
    port: server.port,
    superuser,
    password,
    url(database, role = { name: superuser, password }) {
      const [name, secret, path] = [role.name, role.password, database].map(encodeURIComponent)
      return `postgres://${name}:${secret}@127.0.0.1:${server.port}/${path}`
    },
    close() {
      leaving ??= leave()
      return leaving
    },
  }
}

async function prepareFolder(folder: string): Promise<string> {
  try {
    await mkdir(dirname(folder), { recursive: true })
    for (const name of ['.', 'turn', 'users']) await mkdir(join(folder, name), { recursive: true, mode: 0o700 })
    return await realpath(folder)
  } catch (error) {
    throw explained(error, folder)
  }
}

/** Says what the folder was wanted for: a bare `EACCES` would leave that to guessing. */
function explained(error: unknown, folder: string): unknown {
  return isSystemError(error) ? new Error(`PostgreSQL cannot use ${folder}: ${error.message}`, { cause: error }) : error
}

function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'syscall' in error
}
