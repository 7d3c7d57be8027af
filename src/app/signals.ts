import type { Log } from '#platform/log/index.ts'

type Stoppable = { stop(): Promise<void> }

type Options = {
  /** Milliseconds that `stop` may take before the process ends without it. */
  deadlineMs: number
  /** Which ask for an end. All of them unless told otherwise. */
  signals?: readonly NodeJS.Signals[]
}

// A terminal that is closed sends SIGHUP.
const SIGNALS: readonly NodeJS.Signals[] = ['SIGINT', 'SIGTERM', 'SIGHUP']

// Ctrl-C reaches the whole group of processes, and npm then passes on to its child what the child has had already.
const SAME_WISH_MS = 400

/**
 * Starts something and waits until a signal asks it to stop, or an error that nobody caught. `start` is told by its AbortSignal when that
 * happens before it is through. A second signal ends the process at once. Resolves when everything is closed.
 */
export async function untilStopped(
  log: Log,
  { deadlineMs, signals = SIGNALS }: Options,
  start: (log: Log, stopping: AbortSignal) => Promise<Stoppable>,
): Promise<void> {
  const stopping = new AbortController()
  let askedAt = 0
  let deadline: NodeJS.Timeout | undefined

  function onSignal(signal: NodeJS.Signals) {
    if (!stopping.signal.aborted) return ask({ signal })
    if (performance.now() - askedAt > SAME_WISH_MS) process.exit(1)
  }
  function onUncaught(error: unknown) {
    log.fatal({ err: error }, 'an error was caught by nobody')
    process.exitCode = 1
    if (stopping.signal.aborted) process.exit()
    ask({ reason: 'error' })
  }
  function ask(why: object) {
    askedAt = performance.now()
    log.info(why, 'stopping')
    deadline = setTimeout(giveUp, deadlineMs)
    stopping.abort()
  }
  function giveUp() {
    log.error(`not stopped within ${Math.round(deadlineMs / 1_000)} s: ending all the same`)
    process.exit(1)
  }

  for (const signal of signals) process.on(signal, onSignal)
  process.on('uncaughtException', onUncaught)
  try {
    const running = await start(log, stopping.signal)
    await aborted(stopping.signal)
    await running.stop()
    log.info('stopped')
  } catch (error) {
    for (const signal of signals) process.off(signal, onSignal)
    process.off('uncaughtException', onUncaught)
    if (error !== stopping.signal.reason) throw error
    log.info('stopped while starting')
  } finally {
    clearTimeout(deadline)
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
}
