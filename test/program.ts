import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { afterAll } from 'vitest'
import { until } from './build.ts'
import { keepOutput } from './output.ts'

// Seconds until something is printed: far beyond what it takes.
const PATIENCE = 120

// What a failed test has left.
const running = new Set<number>()
afterAll(() => {
  for (const pid of running) process.kill(-pid, 'SIGKILL')
})

const PROGRAM = new URL('../src/bin/course-supporter.js', import.meta.url).pathname

export type Ended = { code: number | null; signal: NodeJS.Signals | null; stdout: string; stderr: string }

export type Spawned = {
  pid: number
  /** What it has printed so far. */
  stdout(): string
  output(): string
  /** Resolves with what the output matches as soon as it does; rejects when the program ends before. */
  printed(pattern: RegExp): Promise<RegExpExecArray>
  /** Signals the process alone, as `kill` does. */
  signal(signal: NodeJS.Signals): void
  /** Signals the process and its children, as a terminal does. */
  signalGroup(signal: NodeJS.Signals): void
  /** Closes our end of its stdout, as a reader does that has seen enough. */
  closeOutput(): void
  ended: Promise<Ended>
}

export type RunningProgram = Spawned & {
  url: string
  /** Ends it without a chance to tidy up. */
  kill(): Promise<void>
  /** Asks it to stop; resolves with its exit code. */
  stop(): Promise<number | null>
}

type Options = {
  /** A program and its arguments put before. */
  through?: string[]
  cwd?: string
}

/** Starts any command of the real program in a group of processes of its own. It has nothing but this environment. */
export function spawnProgram(
  env: Record<string, string>,
  args: string[],
  { through = [], cwd }: Options = {},
): Spawned {
  const [program = '', ...rest] = [...through, process.execPath, PROGRAM, ...args]
  const child = spawn(program, rest, {
    env: environment(env),
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
    ...(cwd === undefined ? {} : { cwd }),
  })
  const { pid } = child
  if (pid === undefined) throw new Error(`${program} cannot be started.`)
  const [stdout, stderr] = [textOf(child.stdout), textOf(child.stderr)]
  let isRunning = true
  running.add(pid)
  const ended = once(child, 'close').then((): Ended => {
    isRunning = false
    running.delete(pid)
    keepOutput(`${withoutMeantKeys(args, stdout())}\n${stderr()}\n`)
    return { code: child.exitCode, signal: child.signalCode, stdout: stdout(), stderr: stderr() }
  })
  const output = () => stdout() + stderr()
  return {
    pid,
    stdout,
    output,
    printed: async (pattern) => {
      const look = async () => pattern.exec(output())
      const found = await until(look, (match) => match !== null || !isRunning, PATIENCE)
      if (found === null) throw new Error(`The program ended before it printed ${pattern}:\n${output()}`)
      return found
    },
    signal: (signal) => void process.kill(pid, signal),
    signalGroup: (signal) => void process.kill(-pid, signal),
    closeOutput: () => void child.stdout.destroy(),
    ended,
  }
}

/** Starts API and worker, as an operator does, and waits until they are ready. */
export async function startProgram(env: Record<string, string>, options: Options = {}): Promise<RunningProgram> {
  const spawned = spawnProgram(env, ['start'], options)
  const [, url = ''] = await spawned.printed(/ready at (http:\S+)/)
  return {
    ...spawned,
    url,
    kill: async () => {
      spawned.signal('SIGKILL')
      await spawned.ended
    },
    stop: async () => {
      spawned.signal('SIGTERM')
      return (await spawned.ended).code
    },
  }
}

/** Runs one command of the program to its end and returns what it printed. Rejects when it fails. */
export async function runCommand(env: Record<string, string>, ...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await spawnProgram(env, args).ended
  if (code !== 0) throw new Error(`course-supporter ${args.join(' ')} ended with ${code}: ${stderr}`)
  return stdout
}

function environment(env: Record<string, string>): NodeJS.ProcessEnv {
  const { PATH, HOME } = process.env
  return { PATH, HOME, HOST: '127.0.0.1', PORT: '0', ...env }
}

function textOf(stream: NodeJS.ReadableStream): () => string {
  let text = ''
  stream.setEncoding('utf8').on('data', (piece: string) => {
    text += piece
  })
  return () => text
}

/** Two places print a key on purpose: the welcome of the first start, and the commands that make one. */
function withoutMeantKeys([command, action = '']: string[], stdout: string): string {
  if (command === 'key' && ['create', 'rotate'].includes(action)) return ''
  return command === 'start' ? stdout.replace(/\n {2}Tenant "Demo" was made,[\s\S]*?\nKEY=.*\n/, '') : stdout
}
