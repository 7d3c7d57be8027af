import { spawn } from 'node:child_process'
import { readFile, rename, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { dataFolder } from './cluster.ts'
import { findPostmaster, killOrphanedChildren, type Postmaster, removeRemains } from './postmaster.ts'
import { childEnvironment, type RunAs } from './run-as.ts'
import type { ServerLog } from './server-log.ts'

const pollMs = 25
const orphanGraceMs = 1_000

type Deps = {
  folder: string
  postgres: string
  runAs: RunAs
  serverLog: ServerLog
  settings: Record<string, string>
  deadlineMs: number
}

export type ReadyPostmaster = Postmaster & { port: number }

const defaults = {
  shared_buffers: '64MB',
  max_connections: '100',
  min_wal_size: '32MB',
  max_wal_size: '256MB',
  timezone: 'UTC',
  log_timezone: 'UTC',
  // What failed in SQL is told to whoever sent it; here it would only show what people wrote.
  log_min_messages: 'log',
  log_min_error_statement: 'panic',
  log_checkpoints: 'off',
}

/**
 * Finds the server of `folder`, or starts it, and waits until it is ready. A server that was found keeps the settings it was
 * started with. Throws when there is none after `deadlineMs`; one that still repairs its files by then is left to go on.
 */
export async function ensurePostmaster(deps: Deps): Promise<ReadyPostmaster> {
  const data = dataFolder(deps.folder)
  const begun = performance.now()
  let port = await keptPort(deps.folder)
  let attempt: Attempt | undefined
  while (performance.now() - begun < deps.deadlineMs) {
    const found = await findPostmaster(data)
    if (found?.state === 'ready' && found.port !== undefined) {
      await keepPort(deps.folder, found.port)
      return { ...found, port: found.port }
    }
    if (!found) {
      const failure = await attempt?.failure()
      if (failure !== undefined) {
        if (/TCP\/IP/.test(failure)) port = undefined
        // Another server is about to begin or to end, or its children have outlived it.
        else if (!/already exists|shared memory block/.test(failure)) throw failed(deps, failure)
        else if (performance.now() - begun > orphanGraceMs) await killOrphanedChildren(data)
      }
      if (attempt === undefined || failure !== undefined) {
        await removeRemains(data)
        port = await freePort(port)
        attempt = await start(deps, data, port)
      }
    }
    await sleep(pollMs)
  }
  if (!(await findPostmaster(data))) attempt?.abandon()
  const seconds = Math.round(deps.deadlineMs / 1000)
  throw failed(deps, `it was not ready within ${seconds} s (${await deps.serverLog.lastLine()})`)
}

function failed({ serverLog }: Deps, cause: string): Error {
  return new Error(`PostgreSQL did not start: ${cause}; see ${serverLog.path}`)
}

type Attempt = { failure(): Promise<string | undefined>; abandon(): void }

async function start({ postgres, runAs, serverLog, settings }: Deps, data: string, port: number): Promise<Attempt> {
  const fixed = { listen_addresses: '127.0.0.1', port: String(port), unix_socket_directories: '' }
  const switches = Object.entries({ ...defaults, ...settings, ...fixed }).flatMap(([name, value]) => [
    '-c',
    `${name}=${value}`,
  ])
  const { program, args, options } = runAs.command(postgres, ['-D', data, ...switches])
  const offset = await serverLog.size()
  const output = await serverLog.open()
  try {
    // A session of its own, or a Ctrl-C in the terminal would stop it under those who use it.
    const stdio: ['ignore', number, number] = ['ignore', output.fd, output.fd]
    const child = spawn(program, args, { ...options, cwd: '/', env: childEnvironment, detached: true, stdio })
    let end: string | undefined
    child.once('error', (error) => {
      end = error.message
    })
    child.once('exit', (code, signal) => {
      end = `it ended with ${signal ?? `code ${code}`}`
    })
    child.unref()
    return {
      failure: async () => end && ((await serverLog.causeSince(offset)) ?? end),
      abandon: () => child.kill('SIGKILL'),
    }
  } finally {
    await output.close()
  }
}

/** A port that nobody listens on: the preferred one, so that those who lost a server find the next in its place. */
async function freePort(preferred: number | undefined): Promise<number> {
  if (preferred !== undefined && (await tryPort(preferred))) return preferred
  const port = await tryPort(0)
  if (port === undefined) throw new Error('There is no free port on 127.0.0.1.')
  return port
}

function tryPort(port: number): Promise<number | undefined> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(undefined))
    server.listen(port, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => resolve(address !== null && typeof address === 'object' ? address.port : undefined))
    })
  })
}

async function keptPort(folder: string): Promise<number | undefined> {
  const port = Number(await readFile(join(folder, 'port'), 'utf8').catch(() => ''))
  return Number.isInteger(port) && port > 0 && port < 65_536 ? port : undefined
}

async function keepPort(folder: string, port: number): Promise<void> {
  if ((await keptPort(folder)) === port) return
  await writeFile(join(folder, 'port.new'), `${port}\n`, { mode: 0o600 })
  await rename(join(folder, 'port.new'), join(folder, 'port'))
}
