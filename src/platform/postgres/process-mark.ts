import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { promisify } from 'node:util'

/** What the system says of one running process. `mark` is unlike that of any other process, of this boot or another. */
export type RunningProcess = {
  pid: number
  mark: string
  name: string | undefined
  /** Known on Linux only. */
  parent: number | undefined
  /** Known elsewhere only. */
  startedAt: Date | undefined
}

/** The process with this pid, or undefined when there is none or it has ended and only waits to be reaped. */
export async function findProcess(pid: number): Promise<RunningProcess | undefined> {
  if (!Number.isSafeInteger(pid) || pid < 1 || !signallable(pid)) return undefined
  return process.platform === 'linux' ? await fromProc(pid) : await fromPs(pid)
}

/** `<pid>-<start>` of this process: fit for a file name, and different for a later process with the same pid. */
export async function ownMark(): Promise<string> {
  const own = await findProcess(process.pid)
  if (!own) throw new Error('This process cannot see itself in the table of processes.')
  return own.mark
}

/** Whether the process that had this mark still runs. */
export async function isRunning(mark: string): Promise<boolean> {
  const found = await findProcess(Number.parseInt(mark, 10))
  return found !== undefined && (found.mark === mark || found.mark === unknownMark(found.pid))
}

/** Reads what `ps -o stat= -o lstart= -o comm=` prints in the C locale and UTC. Exported for its test. */
export function parsePs(pid: number, output: string): RunningProcess | undefined {
  const match = /^\s*(\S+)\s+(\w+\s+\w+\s+\d+\s+[\d:]+\s+\d+)\s+(.*\S)\s*$/.exec(output)
  const [, state = '', started = '', command = ''] = match ?? []
  const startedAt = new Date(`${started} UTC`)
  if (!match || state.startsWith('Z') || Number.isNaN(startedAt.getTime())) return undefined
  return { pid, mark: `${pid}-${startedAt.getTime()}`, name: command.split('/').at(-1), parent: undefined, startedAt }
}

const nothing = { name: undefined, parent: undefined, startedAt: undefined }

async function fromProc(pid: number): Promise<RunningProcess | undefined> {
  let stat: string
  try {
    stat = await readFile(`/proc/${pid}/stat`, 'latin1')
  } catch {
    // Gone meanwhile; or /proc hides the processes of others (hidepid), of which no more can be learnt than that they are.
    return signallable(pid) ? { pid, mark: unknownMark(pid), ...nothing } : undefined
  }
  // proc(5): the name in brackets may hold anything; behind it come the state (field 3) and, as field 22, the start.
  const end = stat.lastIndexOf(')')
  const fields = stat.slice(end + 2).split(' ')
  if (fields[0] === 'Z' || fields[0] === 'X') return undefined
  const mark = `${pid}-${fields[19]}.${await bootId()}`
  const name = stat.slice(stat.indexOf('(') + 1, end)
  return { pid, mark, name, parent: Number(fields[1]), startedAt: undefined }
}

async function fromPs(pid: number): Promise<RunningProcess | undefined> {
  // One -o each: to the ps of macOS all that follows a `=` is a heading.
  const columns = ['stat=', 'lstart=', 'comm='].flatMap((column) => ['-o', column])
  const options = { env: { PATH: '/bin:/usr/bin', LC_ALL: 'C', TZ: 'UTC' }, timeout: 5_000 }
  try {
    const { stdout } = await promisify(execFile)('ps', [...columns, '-p', String(pid)], options)
    return parsePs(pid, stdout)
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 1) return undefined
    throw new Error(`ps could not tell whether process ${pid} runs.`, { cause: error })
  }
}

let boot: string | undefined

/** Start times count from boot: without this, a process of an earlier boot could be taken for one of now. */
async function bootId(): Promise<string> {
  boot ??= (await readFile('/proc/sys/kernel/random/boot_id', 'latin1').catch(() => 'unknown')).slice(0, 8)
  return boot
}

function unknownMark(pid: number): string {
  return `${pid}-unknown`
}

function signallable(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}
