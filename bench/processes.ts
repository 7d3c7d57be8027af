import { type ChildProcess, fork, spawn } from 'node:child_process'
import { once } from 'node:events'

export type Server = { pid: number; url: string; stop(): Promise<void> }

export type Processes = {
  /** Starts a module of this folder that sends its URL once it listens. */
  serve(module: string, env?: Record<string, string>): Promise<Server>
  /** Starts a module of this folder that answers messages, one at a time. */
  answer<Question extends object, Answer>(module: string): { ask(question: Question): Promise<Answer> }
  /** Starts the real program's API. */
  api(env: Record<string, string>, nodeOptions: readonly string[]): Promise<Server>
  stopAll(): Promise<void>
}

const PROGRAM = new URL('../src/bin/course-supporter.js', import.meta.url).pathname
const STOP_MS = 20_000

/** Child processes; none of them outlives `stopAll`. */
export function createProcesses(): Processes {
  const running = new Set<ChildProcess>()

  function keep(child: ChildProcess): ChildProcess {
    running.add(child)
    child.once('exit', () => running.delete(child))
    return child
  }

  function start(module: string, env: Record<string, string> = {}): ChildProcess {
    const path = new URL(module, import.meta.url).pathname
    return keep(fork(path, { env: { ...bareEnvironment(), ...env }, serialization: 'advanced', detached: true }))
  }

  return {
    async serve(module, env) {
      const child = start(module, env)
      const [url] = await orEnd(child, once(child, 'message'))
      return serverOf(child, String(url))
    },

    answer(module) {
      const child = start(module)
      return {
        async ask(question) {
          child.send(question)
          const [answer] = await orEnd(child, once(child, 'message'))
          return answer
        },
      }
    },

    async api(env, nodeOptions) {
      const child = keep(
        spawn(process.execPath, [...nodeOptions, PROGRAM, 'api'], {
          env: { ...bareEnvironment(), HOST: '127.0.0.1', PORT: '0', ...env },
          stdio: ['ignore', 'pipe', 'inherit'],
          detached: true,
        }),
      )
      return serverOf(child, await orEnd(child, printedUrl(child)))
    },

    async stopAll() {
      await Promise.all([...running].map(end))
    },
  }
}

function serverOf(child: ChildProcess, url: string): Server {
  if (child.pid === undefined) throw new Error('A process without an id was started.')
  return { pid: child.pid, url, stop: () => end(child) }
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = once(child, 'exit')
  child.kill('SIGTERM')
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_MS)
  await ended
  clearTimeout(timer)
}

async function orEnd<T>(child: ChildProcess, promise: Promise<T>): Promise<T> {
  const gone = Promise.withResolvers<never>()
  const tell = (code: number | null) => gone.reject(new Error(`${child.spawnargs.join(' ')} ended with ${code}.`))
  child.once('exit', tell)
  try {
    return await Promise.race([promise, gone.promise])
  } finally {
    child.off('exit', tell)
  }
}

async function printedUrl({ stdout }: ChildProcess): Promise<string> {
  const found = Promise.withResolvers<string>()
  let text = ''
  stdout?.setEncoding('utf8').on('data', (piece: string) => {
    text = (text + piece).slice(-4_096)
    const [, url] = /listening at (http:\/\/[\w.:[\]]+)/.exec(text) ?? []
    if (url !== undefined) found.resolve(url)
  })
  return found.promise
}

/** Nothing of what surrounds a run is to change what is measured. */
function bareEnvironment(): Record<string, string | undefined> {
  const { PATH, HOME } = process.env
  return { PATH, HOME }
}
