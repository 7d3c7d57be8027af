import { mkdir } from 'node:fs/promises'
import { createLog, type Log } from '#platform/log/index.ts'
import { lockFolder } from '#platform/postgres/index.ts'
import { createApi } from './api.ts'
import type { Config } from './config.ts'
import { openDatabaseServer } from './database-server.ts'
import { listen } from './listen.ts'
import { openServices, type Services } from './services.ts'
import { openSharedLimiter } from './shared-limiter.ts'
import { createStopper, type Stopper } from './stop.ts'
import { startWork } from './worker.ts'

export type Program = { stop(): Promise<void>; url?: string; services: Services }

type Parts = { api: boolean; worker: boolean }

/**
 * Runs the API, the worker or both until `stop`. Refuses with one clear Error when something is missing, and leaves nothing running then.
 */
export async function runProgram(config: Config, { api, worker }: Parts, log: Log): Promise<Program> {
  const stopper = createStopper((error) => log.error({ err: error }, 'stopping met an error'))
  try {
    if (config.database.kind === 'embedded') await claimDataDir(config, stopper)
    const server = await openDatabaseServer(config.database, (line) => log.debug(line))
    stopper.add(server.close)
    const services = await openServices({ config, appUrl: server.appUrl, log })
    stopper.add(services.close)
    if (worker) {
      const work = await startWork({ config, services, queueUrl: server.queueUrl, log })
      stopper.add(work.stop)
    }
    const url = api ? await serve(config, services, log, stopper) : undefined
    return { stop: stopper.stop, services, ...(url === undefined ? {} : { url }) }
  } catch (error) {
    await stopper.stop()
    throw error
  }
}

export function openLog(config: Config): Promise<Log> {
  return createLog(config.log)
}

// One program a folder: two would run each other's files and ports into the ground.
async function claimDataDir({ dataDir }: Config, stopper: Stopper) {
  await mkdir(dataDir, { recursive: true }).catch((error: Error) => {
    throw new Error(`The folder ${dataDir} cannot be used: ${error.message}`, { cause: error })
  })
  const lock = await lockFolder(dataDir, 'course-supporter')
  stopper.add(lock.release)
}

async function serve(config: Config, services: Services, log: Log, stopper: Stopper): Promise<string> {
  const sharedLimiter = await openSharedLimiter(config.redisUrl, log)
  if (sharedLimiter) stopper.add(sharedLimiter.close)
  const running = await createApi({
    config,
    services,
    log,
    isStopping: stopper.isStopping,
    ...(sharedLimiter ? { sharedLimiter } : {}),
  })
  stopper.add(() => running.close(config.drainMs))
  return listen(running.api, config.http)
}
