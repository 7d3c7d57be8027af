import type { ChildProcess } from 'node:child_process'
import { spawnChild } from '#platform/child/index.ts'
import { MediaError } from './errors.ts'
import type { MediaCode } from './media.ts'

export type MediaLog = { warn(details: Record<string, unknown>, message: string): void }

export type Run = {
  /** Its name, to be found where programs are installed, or its path. */
  program: string
  args: readonly string[]
  /** Where it runs and may leave files; the root unless told. */
  cwd?: string
  ms: number
  memoryBytes: number
  /** Of each file it writes. */
  fileBytes?: number
  maxStdoutBytes: number
  /** What the last words of a program that failed say of the file, where that is more than that it cannot be read. */
  faultOf?: (stderr: string) => MediaCode | undefined
  signal: AbortSignal
  log: MediaLog | undefined
}

type Ending = { code: number | null; signal: NodeJS.Signals | null }

const SEARCH_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/opt/homebrew/bin'
const ENV = { PATH: SEARCH_PATH, LANG: 'C.UTF-8' }
/** Programs have threads of their own: processor time passes faster than the clock. */
const CPU_PER_CLOCK = 3
const MAX_STDERR_CHARS = 4_000
const MIB = 1024 * 1024

/**
 * What the program writes on stdout. It does not outlive the call, nor do its own children. Rejects with a `MediaError` where it
 * fails, floods, takes too long or is not installed, with the signal's reason when aborted, and with another error where the file
 * is not to blame.
 */
export async function runProgram(run: Run): Promise<Buffer> {
  const { program, args, cwd, ms, memoryBytes, fileBytes = 16 * MIB, maxStdoutBytes, faultOf, signal, log } = run
  signal.throwIfAborted()
  const child = spawnChild([program, ...args], {
    ...(cwd === undefined ? {} : { cwd }),
    env: ENV,
    cpuSeconds: Math.ceil(ms / 1000) * CPU_PER_CLOCK,
    memoryBytes,
    fileBytes,
  })
  let stopped: { reason: unknown } | undefined
  function stop(reason: unknown): void {
    stopped ??= { reason }
    killGroup(child)
  }

  const ended = endOf(child)
  child.stdin?.end()
  const stderr = collectStderr(child)
  const stdout = collectStdout(child, maxStdoutBytes, () =>
    stop(new MediaError('media.unreadable', 'The file has more content than can be processed.')),
  )
  const abort = () => stop(signal.reason)
  signal.addEventListener('abort', abort, { once: true })
  const timer = setTimeout(() => stop(new MediaError('media.timeout')), ms)
  try {
    const ending = await ended
    if (stopped) throw stopped.reason
    const fault = faultOfEnding(ending, stderr(), program, faultOf)
    if (fault) throw fault
    return stdout()
  } catch (error) {
    if (error instanceof MediaError) log?.warn({ code: error.code, program, stderr: stderr() }, error.message)
    throw error
  } finally {
    clearTimeout(timer)
    signal.removeEventListener('abort', abort)
  }
}

function faultOfEnding(
  { code, signal }: Ending,
  stderr: string,
  program: string,
  faultOf: Run['faultOf'],
): Error | undefined {
  if (code === 0) return
  const cause = new Error(`${program} ended with ${code ?? signal}: ${stderr}`)
  if (code === 127) return new MediaError('media.tool_missing', undefined, { cause })
  if (signal === 'SIGXCPU') return new MediaError('media.timeout', undefined, { cause })
  // Someone stops the whole program; ffmpeg then ends with 255. That says nothing of the file.
  if (signal === 'SIGTERM' || signal === 'SIGINT' || signal === 'SIGHUP' || code === 255)
    return new Error(`${program} was interrupted.`, { cause })
  // strerror(3) of ENOSPC and EDQUOT.
  if (/No space left on device|Disk quota exceeded/.test(stderr))
    return new Error(`${program} found no room.`, { cause })
  return new MediaError(faultOf?.(stderr) ?? 'media.unreadable', undefined, { cause })
}

/** With all its children; and what they leave in the pipes, which one that got away could hold open. */
function killGroup(child: ChildProcess): void {
  try {
    if (child.pid !== undefined && child.exitCode === null && child.signalCode === null)
      process.kill(-child.pid, 'SIGKILL')
  } catch {
    // It has just ended.
  }
  for (const pipe of child.stdio) pipe?.destroy()
}

function endOf(child: ChildProcess): Promise<Ending> {
  // A pipe of a dead child fails; how the child ended says why.
  for (const pipe of child.stdio) pipe?.on('error', () => undefined)
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code, signal) => resolve({ code, signal }))
  })
}

function collectStdout(child: ChildProcess, maxBytes: number, flooded: () => void): () => Buffer {
  const pieces: Buffer[] = []
  let bytes = 0
  child.stdout?.on('data', (piece: Buffer) => {
    bytes += piece.byteLength
    if (bytes > maxBytes) return flooded()
    pieces.push(piece)
  })
  return () => Buffer.concat(pieces)
}

/** The end of what it says: its last words are the ones that explain. */
function collectStderr(child: ChildProcess): () => string {
  let text = ''
  child.stderr?.on('data', (bytes: Buffer) => {
    text = (text + bytes.toString('utf8')).slice(-MAX_STDERR_CHARS)
  })
  return () => text
}
