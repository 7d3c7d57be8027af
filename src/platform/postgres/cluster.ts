import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { access, chown, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { childEnvironment, type RunAs } from './run-as.ts'
import type { ServerLog } from './server-log.ts'

type Deps = { folder: string; initdb: string; runAs: RunAs; serverLog: ServerLog }

const initDeadlineMs = 60_000

/** The folder that holds the databases, whether they have been made yet or not. */
export function dataFolder(folder: string): string {
  return join(folder, 'data')
}

/**
 * Makes the cluster of databases in `folder` unless it is there. initdb works in a folder of its own that takes its final
 * name when complete, so one that was killed half-way leaves nothing that could be taken for a cluster. Answers the
 * superuser's password. `sync: false` leaves it to the system when the new files reach the disk.
 */
export async function ensureCluster({ folder, initdb, runAs, serverLog }: Deps, { sync }: { sync: boolean }) {
  const passwordFile = join(folder, 'password')
  for (const name of await readdir(folder)) {
    // An initdb that outlived its parent may still write there; then a later start removes it.
    if (name.startsWith('init-')) await rm(join(folder, name), { recursive: true, force: true }).catch(() => undefined)
  }
  if (await exists(join(dataFolder(folder), 'PG_VERSION'))) {
    if (await exists(passwordFile)) return await readPassword(passwordFile)
    throw new Error(`${passwordFile} is missing: bring it back, or remove ${folder} to begin with empty databases.`)
  }

  const password = await keepPassword(passwordFile)
  const workplace = await mkdtemp(join(folder, 'init-'))
  try {
    const [data, secret] = [join(workplace, 'data'), join(workplace, 'password')]
    await writeFile(secret, password, { flag: 'wx', mode: 0o600 })
    if (runAs.owner) {
      for (const path of [secret, workplace]) await chown(path, runAs.owner.uid, runAs.owner.gid)
    }
    await runInitdb({ initdb, runAs, serverLog, data, secret, sync })
    await rename(data, dataFolder(folder))
  } finally {
    await rm(workplace, { recursive: true, force: true })
  }
  return password
}

type Run = Omit<Deps, 'folder'> & { data: string; secret: string; sync: boolean }

async function runInitdb(run: Run): Promise<void> {
  // Full-text search folds the case of letters by LC_CTYPE, of which plain C knows only ASCII. Not every system has a C.UTF-8.
  for (const characters of ['C.UTF-8', 'en_US.UTF-8', 'C']) {
    const offset = await run.serverLog.size()
    const outcome = await tryInitdb(run, characters)
    if (outcome === 'done') return
    const cause = (await run.serverLog.causeSince(offset)) ?? outcome
    if (characters !== 'C' && cause.includes('invalid locale')) continue
    throw new Error(`PostgreSQL could not make its databases: ${cause}; see ${run.serverLog.path}`)
  }
}

/** Answers 'done', or a few words about the end. */
async function tryInitdb({ initdb, runAs, serverLog, data, secret, sync }: Run, characters: string): Promise<string> {
  const { program, args, options } = runAs.command(initdb, [
    `--pgdata=${data}`,
    '--username=postgres',
    `--pwfile=${secret}`,
    '--auth=scram-sha-256',
    '--encoding=UTF8',
    '--locale=C',
    `--lc-ctype=${characters}`,
    '--locale-provider=builtin',
    '--builtin-locale=C.UTF-8',
    '--text-search-config=simple',
    '--data-checksums',
    '--no-instructions',
    ...(sync ? [] : ['--no-sync']),
  ])
  const output = await serverLog.open()
  try {
    return await new Promise((resolve) => {
      const stdio: ['ignore', number, number] = ['ignore', output.fd, output.fd]
      const child = spawn(program, args, { ...options, cwd: '/', env: childEnvironment, detached: true, stdio })
      let end = 'initdb ended with'
      const timer = setTimeout(() => {
        end = `initdb took more than ${initDeadlineMs / 1000} s:`
        // Its whole group: initdb runs a server of its own.
        if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL')
      }, initDeadlineMs)
      child.once('error', (error) => resolve(error.message))
      child.once('exit', (code, signal) => resolve(code === 0 ? 'done' : `${end} ${signal ?? `code ${code}`}`))
      child.once('close', () => clearTimeout(timer))
    })
  } finally {
    await output.close()
  }
}

/** The password is kept before it is used, and complete or not at all: no moment of being killed leaves a cluster without. */
async function keepPassword(path: string): Promise<string> {
  if (!(await exists(path))) {
    await writeFile(`${path}.new`, randomBytes(24).toString('base64url'), { mode: 0o600, flush: true })
    await rename(`${path}.new`, path)
  }
  return await readPassword(path)
}

async function readPassword(path: string): Promise<string> {
  return (await readFile(path, 'utf8')).trim()
}

async function exists(path: string): Promise<boolean> {
  return await access(path).then(
    () => true,
    (error) => {
      if (error.code === 'ENOENT') return false
      throw error
    },
  )
}
