import type { Command } from 'commander'
import type { Scope } from '#kernel/caller.ts'
import { duration, scopes } from './options.ts'
import type { SmokeRow } from './smoke-checks.ts'
import { table } from './table.ts'
import type { Terminal } from './terminal.ts'

type Order = { key?: string; scopes?: Scope[]; wait: number; json?: boolean }

const TIDY_MS = 30_000

/** Proves from outside that a service does what it promises. */
export function smokeCommand(program: Command, terminal: Terminal) {
  program
    .command('smoke')
    .description('try a running service from outside; leaves nothing behind')
    .argument('<base-url>', 'such as https://api.example')
    .option('--key <source>', '"-": the key is the first line of stdin; else it is that of CS_API_KEY')
    .option('--scopes <scopes>', 'what the key must hold; without it, whatever it does', scopes)
    .option('--wait <duration>', 'how long a small file may take', duration, 120_000)
    .option('--json', 'print JSON')
    .action(async (address: string, order: Order, command: Command) => {
      const url =
        baseOf(address) ??
        refuse(
          command,
          'The base URL must be such as https://api.example; plain http is for this machine and private networks.',
        )
      // Its value is never told again: it may be a key.
      if (order.key !== undefined && order.key !== '-')
        refuse(command, 'A key has no place on the command line: give it on stdin (--key -) or in CS_API_KEY.')
      const key = order.key === '-' ? await terminal.inputLine() : terminal.variable('CS_API_KEY')
      if (!/^cs_(live|test)_[0-9a-f]{32}$/.test(key ?? ''))
        refuse(
          command,
          `There is no key ${order.key === '-' ? 'on stdin' : 'in CS_API_KEY (or give it on stdin: --key -)'}.`,
        )
      await run(url, key ?? '', order)
    })

  async function run(url: string, key: string, { scopes, wait, json }: Order) {
    const [{ smoke }, { createSmokeClient }] = await Promise.all([
      import('./smoke-checks.ts'),
      import('./smoke-client.ts'),
    ])
    const began = performance.now()
    const { signal, release } = interruption()
    try {
      const rows = await smoke({
        ask: createSmokeClient(url, signal),
        // A new allowance for each request: however late it is, what was made is removed.
        askLast: (...request) => createSmokeClient(url, AbortSignal.timeout(TIDY_MS))(...request),
        key,
        scopes,
        waitMs: wait,
        signal,
      })
      const seconds = Math.round(performance.now() - began) / 1_000
      const failed = rows.filter(({ result }) => result === 'failed')
      const ok = failed.length === 0 && !signal.aborted
      terminal.out(json ? JSON.stringify({ url, ok, seconds, rows: rows.map(shown) }) : described(url, rows, seconds))
      if (signal.aborted) throw new Error('The smoke test was interrupted.')
      if (!ok)
        throw new Error(`The smoke test failed: ${failed.map(({ what, detail }) => `${what} – ${detail}`).join('; ')}`)
    } finally {
      release()
    }
  }
}

/** Aborted by the first Ctrl-C or `kill`; a second one ends the process at once. */
function interruption() {
  const controller = new AbortController()
  const onSignal = () => {
    if (controller.signal.aborted) process.exit(1)
    controller.abort(new Error('interrupted'))
  }
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
  for (const name of signals) process.on(name, onSignal)
  return {
    signal: controller.signal,
    release: () => {
      for (const name of signals) process.off(name, onSignal)
    },
  }
}

function refuse(command: Command, message: string): never {
  return command.error(`error: ${message}`, { exitCode: 2, code: 'smoke.usage' })
}

// A key sent over plain http through the internet is lost.
const PRIVATE = /^(localhost|[\w-]+|127\.[\d.]+|10\.[\d.]+|192\.168\.[\d.]+|172\.(1[6-9]|2\d|3[01])\.[\d.]+|\[::1\])$/

function baseOf(address: string): string | undefined {
  if (!URL.canParse(address)) return undefined
  const { protocol, hostname, origin, pathname, search, hash, username, password } = new URL(address)
  const isWhole = search === '' && hash === '' && username === '' && password === ''
  const isSafe = protocol === 'https:' || (protocol === 'http:' && PRIVATE.test(hostname))
  return isWhole && isSafe ? origin + pathname.replace(/\/+$/, '') : undefined
}

const shown = ({ result, detail, ...row }: SmokeRow) => ({
  ...row,
  result: result.replace(' ', '_'),
  detail: detail || null,
})

function described(url: string, rows: readonly SmokeRow[], seconds: number): string {
  const cells = rows.map((row) => [row.what, row.result, row.seconds, row.detail])
  const count = (result: SmokeRow['result']) => rows.filter((row) => row.result === result).length
  const sum = `${count('ok')} ok, ${count('failed')} failed, ${count('not tried')} not tried in ${seconds.toFixed(1)} s`
  return `${url}:\n${table(['CHECK', 'RESULT', 'SECONDS', 'DETAIL'], cells, '')}\n${sum}`
}
