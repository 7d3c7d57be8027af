import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { expect, onTestFinished, test } from 'vitest'

const SIGNALS = JSON.stringify(new URL('./signals.ts', import.meta.url).href)

/** A process of its own that says `up` and lives until it is stopped; `stop` is the body of what it does then. */
async function start({ stop = '', starting = '', deadlineMs = 60_000 }) {
  const code = `
    import { setTimeout as sleep } from 'node:timers/promises'
    import { untilStopped } from ${SIGNALS}
    const say = (...words) => console.log(words.map((word) => word?.err?.message ?? JSON.stringify(word)).join(' '))
    const log = { info: say, error: say, fatal: say }
    await untilStopped(log, { deadlineMs: ${deadlineMs} }, async (log, stopping) => {
      const alive = setInterval(() => undefined, 1_000)
      say('up')
      ${starting}
      return { stop: async () => { ${stop}; clearInterval(alive) } }
    })
    say('end')`
  const child = spawn(process.execPath, ['--input-type=module', '-e', code], { stdio: ['ignore', 'pipe', 'inherit'] })
  onTestFinished(() => void child.kill('SIGKILL'))
  let output = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text
  })
  const closed = once(child, 'close')
  await once(child.stdout, 'data')
  return {
    child,
    closed: closed.then(([code, signal]) => ({ code, signal, output })),
    isOpen: () => child.exitCode === null,
  }
}

const sleeping = 'await sleep(60_000)'

test.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)('%s stops it in good order', async (signal) => {
  const { child, closed } = await start({ stop: `say('closing')` })
  child.kill(signal)
  const output = `"up"\n{"signal":"${signal}"} "stopping"\n"closing"\n"stopped"\n"end"\n`
  expect(await closed).toEqual({ code: 0, signal: null, output })
})

test('a second signal ends it at once, whichever it is', async () => {
  const { child, closed, isOpen } = await start({ stop: sleeping })
  child.kill('SIGINT')
  const again = setInterval(() => isOpen() && child.kill('SIGTERM'), 100)
  onTestFinished(() => clearInterval(again))
  expect(await closed).toMatchObject({ code: 1, signal: null })
})

test('the same Ctrl-C told twice is one', async () => {
  const { child, closed } = await start({ stop: `say('closing'); await sleep(50)` })
  child.kill('SIGINT')
  await once(child.stdout, 'data')
  child.kill('SIGINT')
  expect(await closed).toMatchObject({ code: 0, output: expect.stringMatching(/"stopped"\n"end"\n$/) })
})

test('a signal while it starts is told to what starts, which may give up', async () => {
  const starting = `await sleep(60_000, undefined, { signal: stopping }).catch(() => clearInterval(alive)); stopping.throwIfAborted()`
  const { child, closed } = await start({ starting })
  child.kill('SIGTERM')
  const { code, output } = await closed
  expect([code, output]).toEqual([0, expect.stringMatching(/"stopping"\n"stopped while starting"\n"end"\n$/)])
})

test('a stop that never ends is ended', async () => {
  const { child, closed } = await start({ stop: sleeping, deadlineMs: 100 })
  child.kill('SIGTERM')
  expect(await closed).toMatchObject({ code: 1, output: expect.stringContaining('not stopped within 0 s') })
})

test('an error that nobody catches stops it in good order, with exit code 1', async () => {
  const starting = `setTimeout(() => Promise.reject(new Error('лихо')), 10)`
  const { closed } = await start({ starting })
  expect(await closed).toMatchObject({
    code: 1,
    output: expect.stringMatching(/лихо "an error was caught by nobody"\n.*"stopping"\n"stopped"/),
  })
})
