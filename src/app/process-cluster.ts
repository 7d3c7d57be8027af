import cluster, { type Worker } from 'node:cluster'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Log } from '#platform/log/index.ts'
import type { Config } from './config.ts'
import { claimDataDir, prepareDataDir } from './data-dir.ts'
import { openDatabaseServer } from './database-server.ts'
import { createGatherer, publishGathered } from './metrics/publish.ts'
import type { Parts } from './programs.ts'
import { createStopper } from './stop.ts'
import { ToldAlready } from './told-already.ts'

/** Milliseconds before a process that ended by itself is replaced: a broken one must not spin. */
const REPLACE_AFTER = 1_000

export type Cluster = { url: string; stop(): Promise<void> }

/** Whether this process is one that `runCluster` has made. */
export const isClusterChild = () => cluster.isWorker

/** The signals that such a process obeys: its parent's, whatever the terminal tells all of them at once. */
export function obeyParent(): NodeJS.Signals[] {
  for (const signal of ['SIGINT', 'SIGHUP']) process.on(signal, () => undefined)
  return ['SIGTERM']
}

/** What such a process tells when it has started. */
export const tellReady = (url: string | undefined) => process.send?.({ url })

/** Without this its connection with the parent would keep it alive for ever. */
export const leaveCluster = () => void cluster.worker?.disconnect()

/**
 * Runs `course-supporter api` in several processes on one port, and the worker, if wanted, in one more. This process only keeps them: it
 * replaces one that ends and passes a stop on. Rejects as `runProgram` does, and leaves nothing running then.
 */
export async function runCluster(config: Config, parts: Parts, log: Log, stopping: AbortSignal): Promise<Cluster> {
  const stopper = createStopper((error) => log.error({ err: error }, 'stopping met an error'))
  try {
    await prepareDataDir(config)
    if (parts.worker) stopper.add(await claimDataDir(config))
    const server = await openDatabaseServer(config.database, { say: (line) => log.debug(line) })
    stopper.add(server.close)
    stopping.throwIfAborted()

    const commands = ['api', ...Array(config.http.processes - 1).fill('api'), ...(parts.worker ? ['worker'] : [])]
    const gatherer = createGatherer()
    const keepers = createKeepers(log, { stopping, onReady: gatherer.add })
    stopper.add(keepers.stop)
    // What is wrong for one is wrong for all: it is told once.
    const [first = '', ...others] = commands
    const url = await keepers.add(first)
    await Promise.all(others.map((command) => keepers.add(command)))
    stopper.add((await publishGathered(config, gatherer.read, log)).close)
    return { url, stop: stopper.stop }
  } catch (error) {
    await stopper.stop()
    throw error
  }
}

type Child = { worker: Worker; pid: number | undefined; ready: Promise<string>; ended: Promise<unknown>; end(): void }

type Keeping = { stopping: AbortSignal; onReady: (process: Worker) => void }

function createKeepers(log: Log, { stopping, onReady }: Keeping) {
  const asked = once(stopping, 'abort').then(() => Promise.reject(stopping.reason))
  asked.catch(() => undefined)
  const closing = new AbortController()
  const children = new Set<Child>()

  async function replace(command: string, child: Child) {
    for (let current = child; ; ) {
      const code = await current.ended
      if (closing.signal.aborted) return
      log.error({ program: command, pid: current.pid, code }, 'a process ended and is replaced')
      await sleep(REPLACE_AFTER, undefined, { signal: closing.signal }).catch(() => undefined)
      if (closing.signal.aborted) return
      current = start(command)
    }
  }

  function start(command: string): Child {
    const child = fork(command)
    children.add(child)
    child.ready.then(() => onReady(child.worker)).catch(() => undefined)
    child.ended.then(() => children.delete(child))
    return child
  }

  return {
    /** Starts one and keeps it from then on. Returns its address; rejects when it ends before it is ready, or with the reason of `stopping`. */
    async add(command: string): Promise<string> {
      const child = start(command)
      const url = await Promise.race([child.ready, asked])
      void replace(command, child)
      return url
    },
    stop: async () => {
      closing.abort()
      const running = [...children]
      for (const child of running) child.end()
      await Promise.all(running.map(({ ended }) => ended))
    },
  }
}

function fork(command: string): Child {
  cluster.setupPrimary({ args: [command] })
  const child = cluster.fork()
  const ended = new Promise<unknown>((resolve) => {
    child.once('exit', (code, signal) => resolve(signal ?? code))
    child.once('error', resolve)
  })
  const ready = Promise.race([
    once(child, 'message').then(([message]) => String(message.url ?? '')),
    ended.then((end) => Promise.reject(new ToldAlready(`course-supporter ${command} ended with ${end}`))),
  ])
  return { worker: child, pid: child.process.pid, ready, ended, end: () => void child.process.kill('SIGTERM') }
}
