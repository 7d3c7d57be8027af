import { realpathSync } from 'node:fs'
import { readdir, readFile, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { findProcess, isRunning, type RunningProcess } from './process-mark.ts'

/** A running server. `port` is missing, and `state` not yet 'ready', in its first moments. */
export type Postmaster = { pid: number; mark: string; port: number | undefined; state: string }

type PidFile = { pid: number; folder: string; startedAt: number; port: number | undefined; state: string }

/** The server that works on `data`, whoever started it, or undefined: `postmaster.pid` may be there without one. */
export async function findPostmaster(data: string): Promise<Postmaster | undefined> {
  const file = await readPidFile(data)
  const running = file && (await findProcess(file.pid))
  if (!file || !running || !(await isServing(running, data, file))) return undefined
  return { pid: file.pid, mark: running.mark, port: file.port, state: file.state }
}

/** Removes what a killed server left, for PostgreSQL takes any process that has the old pid for its server. */
export async function removeRemains(data: string): Promise<void> {
  await rm(join(data, 'postmaster.pid'), { force: true })
}

/**
 * Stops a server as PostgreSQL's "fast" shutdown does: it breaks off connections and writes everything down. One that is not
 * gone in time is told to stop at once, and repairs itself at the next start. Throws when even that does not help.
 */
export async function stopPostmaster({ pid, mark }: Pick<Postmaster, 'pid' | 'mark'>, logPath: string): Promise<void> {
  const [fastMs, immediateMs] = [15_000, 10_000]
  if (await endsAfter('SIGINT', pid, mark, fastMs)) return
  if (await endsAfter('SIGQUIT', pid, mark, immediateMs)) return
  throw new Error(`PostgreSQL (process ${pid}) did not stop within ${(fastMs + immediateMs) / 1000} s; see ${logPath}`)
}

/**
 * After a kill of the postmaster its children end by themselves, but one that computes only at its next pause, and until then
 * no new server starts. Linux tells which processes these are: those that work in `data` without a server above them.
 */
export async function killOrphanedChildren(data: string): Promise<void> {
  if (process.platform !== 'linux') return
  for (const name of await readdir('/proc')) {
    const running = /^\d+$/.test(name) ? await findProcess(Number(name)) : undefined
    if (running && (await isOrphanedChild(running)) && (await worksIn(running.pid, data)))
      signal(running.pid, 'SIGKILL')
  }
}

/** A child calls itself `postgres: …`; the server itself keeps the command it was started with. */
async function isOrphanedChild({ pid, name, parent }: RunningProcess): Promise<boolean> {
  if (name !== 'postgres' || parent === undefined) return false
  const title = await readFile(`/proc/${pid}/cmdline`, 'latin1').catch(() => '')
  return title.startsWith('postgres: ') && (await findProcess(parent))?.name !== 'postgres'
}

async function endsAfter(name: NodeJS.Signals, pid: number, mark: string, deadlineMs: number): Promise<boolean> {
  const deadline = performance.now() + deadlineMs
  if (await isRunning(mark)) signal(pid, name)
  while (await isRunning(mark)) {
    if (performance.now() > deadline) return false
    await sleep(20)
  }
  return true
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name)
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error
  }
}

/** The lines of this file are described in PostgreSQL's src/include/utils/pidfile.h. */
async function readPidFile(data: string): Promise<PidFile | undefined> {
  const text = await readFile(join(data, 'postmaster.pid'), 'utf8').catch(() => '')
  const [pid, folder = '', startedAt, port, , , , state = ''] = text.split('\n').map((line) => line.trim())
  if (!Number(pid)) return undefined
  return { pid: Number(pid), folder, startedAt: Number(startedAt), port: Number(port) || undefined, state }
}

/**
 * The pid may have gone to another process, and in a copied folder it is that of the original's server. Linux tells where a
 * process works; elsewhere the time of its start, in seconds and rounded by two programs, must do.
 */
async function isServing(running: RunningProcess, data: string, file: PidFile): Promise<boolean> {
  if (!running.name?.startsWith('postgres')) return false
  if (process.platform === 'linux') return await worksIn(running.pid, data)
  const startedAt = (running.startedAt?.getTime() ?? 0) / 1000
  return file.folder === realpathSync(data) && Math.abs(startedAt - file.startedAt) <= 10
}

async function worksIn(pid: number, folder: string): Promise<boolean> {
  try {
    const [there, here] = [await stat(`/proc/${pid}/cwd`), await stat(folder)]
    return there.dev === here.dev && there.ino === here.ino
  } catch {
    return false
  }
}
