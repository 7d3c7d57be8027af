import { createLog } from '#platform/log/index.ts'
import { type Config, type Needs, readConfig } from '../config.ts'
import { type DatabaseServer, openDatabaseServer } from '../database-server.ts'
import { openServices, type Services } from '../services.ts'

/** What a command has to do with the world outside: environment, output, and the services it opens for as long as it runs. */
export type Terminal = {
  env: NodeJS.ProcessEnv
  out(text: string): void
  config(needs?: Needs): Config
  /** Opens the database beside whatever runs already, gives it to `work`, and closes it. */
  withServices<T>(work: (services: Services & { server: DatabaseServer }) => Promise<T>): Promise<T>
}

export function createTerminal(
  env: NodeJS.ProcessEnv,
  stdout: NodeJS.WritableStream,
  stderr: NodeJS.WritableStream,
): Terminal {
  const config = (needs?: Needs) => readConfig(env, needs)
  return {
    env,
    out: (text) => void stdout.write(`${text}\n`),
    config,
    async withServices(work) {
      const read = config()
      const log = await createLog({ level: 'error', pretty: read.log.pretty, destination: stderr })
      const server = await openDatabaseServer(read.database)
      try {
        const services = await openServices({ config: read, appUrl: server.appUrl, log, poolSize: 2 })
        try {
          return await work({ ...services, server })
        } finally {
          await services.close()
        }
      } finally {
        await server.close()
      }
    },
  }
}
