import type { Log } from '#platform/log/index.ts'

type Stoppable = { stop(): Promise<void> }

/**
 * Starts something and waits until SIGINT or SIGTERM ask it to stop; a second signal stops at once. Resolves when everything is closed.
 */
export async function untilStopped(log: Log, start: (log: Log) => Promise<Stoppable>): Promise<void> {
  let ask: (signal: string) => void = () => undefined
  const asked = new Promise<string>((resolve) => {
    ask = resolve
  })
  const onSignal = (signal: string) => {
    process.once(signal, () => process.exit(1))
    ask(signal)
  }
  for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => onSignal(signal))
  const running = await start(log)
  const signal = await asked
  log.info({ signal }, 'stopping')
  await running.stop()
  log.info('stopped')
}
