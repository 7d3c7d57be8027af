import type { createTenants } from '#features/access/index.ts'
import { type Config, type Needs, readConfig } from '../config.ts'
import type { Env } from '../config-reader.ts'
import type { Services } from '../services.ts'

type Tenants = ReturnType<typeof createTenants>

/** What a command has to do with the world outside: environment, output, and the services it opens for as long as it runs. */
export type Terminal = {
  stdout: NodeJS.WritableStream
  out(text: string): void
  /** A variable that belongs to one command alone; undefined when it is empty. */
  variable(name: string): string | undefined
  /** The first line that is typed or piped in; undefined when there is none. */
  inputLine(): Promise<string | undefined>
  config(needs?: Needs): Config
  /** Opens the database beside whatever runs already, gives it to `work`, and closes it. */
  withServices<T>(work: (services: Services) => Promise<T>): Promise<T>
  /** The same with the rules of tenants and keys, which most commands want. */
  withTenants<T>(work: (tenants: Tenants, services: Services) => Promise<T>): Promise<T>
}

// The features are loaded by a command that has passed the check of its options: loading all takes longer than most commands.

type Streams = { stdin?: NodeJS.ReadableStream | undefined; stdout: NodeJS.WritableStream }

export function createTerminal(env: Env, { stdin, stdout }: Streams): Terminal {
  const config = (needs?: Needs) => readConfig(env, needs)
  const terminal: Terminal = {
    stdout,
    out: (text) => void stdout.write(`${text}\n`),
    variable: (name) => env[name]?.trim() || undefined,
    inputLine: () => firstLine(stdin),
    config,
    async withTenants(work) {
      const { createTenants } = await import('#features/access/index.ts')
      return terminal.withServices((services) => work(createTenants(services), services))
    },
    async withServices(work) {
      const read = config()
      const [{ openDatabaseServer }, { openServices }, { prepareDataDir }, { createLog }] = await Promise.all([
        import('../database-server.ts'),
        import('../services.ts'),
        import('../data-dir.ts'),
        import('#platform/log/index.ts'),
      ])
      await prepareDataDir(read)
      // What goes wrong is thrown, and told in one line.
      const log = await createLog({ level: 'silent', pretty: false })
      const server = await openDatabaseServer(read.database, { asItIs: true })
      try {
        const services = await openServices({ config: read, appUrl: server.appUrl, log, poolSize: 2 })
        try {
          return await work(services)
        } finally {
          await services.close()
        }
      } finally {
        await server.close()
      }
    },
  }
  return terminal
}

// Nothing that is worth a line is longer.
const LONGEST_LINE = 4_096

async function firstLine(stream: NodeJS.ReadableStream | undefined): Promise<string | undefined> {
  let text = ''
  for await (const piece of stream ?? []) {
    text += piece.toString()
    if (text.includes('\n') || text.length > LONGEST_LINE) break
  }
  return text.split('\n', 1)[0]?.trim() || undefined
}
