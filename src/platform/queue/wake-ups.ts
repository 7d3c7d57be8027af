import { setMaxListeners } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { Logger, runTaskList, type WorkerPool } from 'graphile-worker'
import type { QueueLog } from './log.ts'
import type { QueuePool } from './session-store.ts'

export const SCHEMA = 'graphile_worker'

const STOP_MS = 5_000

export type WakeUps = { stop(): Promise<void> }

type Options = {
  pool: QueuePool
  /** How many tokens are taken at a time. */
  slots: number
  /** Works until there is nothing to do; a token stays taken meanwhile, so that a busy worker leaves the others to idle ones. */
  onToken: () => Promise<void>
  log: QueueLog
}

/**
 * Listens for wake-up tokens (graphile-worker's jobs) until stopped. The library's pool gives up when the database fails it
 * at a bad moment; then another is started.
 */
export function startWakeUps({ pool, slots, onToken, log }: Options): WakeUps {
  // In an object: the library's pool has a `then` of its own, and returning it from an async function would await its end.
  let current: { tokens: WorkerPool }
  let stopped = false
  let again: NodeJS.Timeout | undefined

  function start() {
    const tokens = runTaskList(
      {
        schema: SCHEMA,
        concurrency: slots,
        noHandleSignals: true,
        gracefulShutdownAbortTimeout: 0,
        logger: libraryLogger(log),
        // Without batches a completion that fails is an unhandled rejection, which ends the process (worker.js, `completeJob(job)`).
        preset: { worker: { completeJobBatchDelay: 0, failJobBatchDelay: 0 } },
      },
      { wake: () => untilAborted(tokens.abortSignal, onToken()) },
      pool,
    )
    setMaxListeners(0, tokens.abortSignal)
    current = { tokens }
    tokens.promise.then(restart, restart)
  }

  function restart(error?: unknown) {
    if (stopped) return
    log.warn({ err: error }, 'The wake-ups stopped and will start again.')
    again = setTimeout(start, 1_000)
  }

  start()
  return {
    stop: async () => {
      stopped = true
      clearTimeout(again)
      const { tokens } = current
      const shutdown = Promise.resolve(tokens.gracefulShutdown()).catch(() => undefined)
      await Promise.race([shutdown, sleep(STOP_MS, undefined, { ref: false })])
    },
  }
}

async function untilAborted(signal: AbortSignal, work: Promise<void>): Promise<void> {
  const aborted = Promise.withResolvers<void>()
  const onAbort = () => aborted.resolve()
  signal.addEventListener('abort', onAbort)
  try {
    if (!signal.aborted) await Promise.race([work, aborted.promise])
  } finally {
    signal.removeEventListener('abort', onAbort)
  }
}

/** The library's log as ours. What it tells of its every job is for debugging only: its jobs are not the ones people mean. */
export function libraryLogger(log: QueueLog): Logger {
  return new Logger((scope) => (level, message, { error }) => {
    const fields = { library: 'graphile-worker', worker: scope.workerId, err: error }
    if (level === 'error') log.error(fields, message)
    else if (level === 'warning') log.warn(fields, message)
    else log.debug(fields, message)
  })
}
