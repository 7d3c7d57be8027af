import { claimStorage } from '#features/storage/index.ts'
import { createLog, type Log } from '#platform/log/index.ts'
import { createApi } from './api.ts'
import type { Config } from './config.ts'
import { claimDataDir, prepareDataDir } from './data-dir.ts'
import { openDatabaseServer } from './database-server.ts'
import { openLanguageModels } from './language-models.ts'
import { listen } from './listen.ts'
import { createInstallationMetrics } from './metrics/installation-metrics.ts'
import { createProcessMetrics } from './metrics/process-metrics.ts'
import { publishMetrics } from './metrics/publish.ts'
import { openServices, type Services } from './services.ts'
import { openSharedLimiter } from './shared-limiter.ts'
import { createStopper } from './stop.ts'

export type Program = { stop(): Promise<void>; url?: string; services: Services }

export type Parts = { api: boolean; worker: boolean }

/**
 * Runs the API, the worker or both until `stop`. Refuses with one clear Error when something is missing, or with the reason of `stopping`
 * when that is aborted meanwhile, and leaves nothing running then.
 */
export async function runProgram(config: Config, parts: Parts, log: Log, stopping?: AbortSignal): Promise<Program> {
  const stopper = createStopper((error) => log.error({ err: error }, 'stopping met an error'))
  try {
    await prepareDataDir(config)
    if (parts.api && parts.worker) stopper.add(await claimDataDir(config))
    const server = await openDatabaseServer(config.database, { say: (line) => log.debug(line), watched: true })
    stopper.add(server.close)
    stopping?.throwIfAborted()
    const opened = await openServices({ config, appUrl: server.appUrl, log })
    stopper.add(opened.close)
    const services = { ...opened, objects: await claimStorage({ ...opened, log }) }
    const models = await openLanguageModels({ config, db: services.db, log })
    const metrics = config.metrics.port === 0 ? undefined : createProcessMetrics(nameOf(parts))
    const sharedLimiter = parts.api ? await openSharedLimiter(config.redisUrl, log) : undefined
    if (sharedLimiter) stopper.add(sharedLimiter.close)

    if (metrics) {
      metrics.registry.collect(createInstallationMetrics({ db: services.db, config }))
      stopper.add((await publishMetrics(config, metrics.registry.snapshot, log)).close)
    }

    // At the same time: each of them may take as long as work that runs is given.
    const running = stopper.together()
    let url: string | undefined
    if (parts.api) {
      const options = { config, services, models, log, isStopping: stopper.isStopping, ...(metrics ? { metrics } : {}) }
      const { api, close } = await createApi({ ...options, ...(sharedLimiter ? { sharedLimiter } : {}) })
      running.add(() => close(config.drainMs))
      url = await listen(api, config.http)
    }
    stopping?.throwIfAborted()
    if (parts.worker) {
      const { startWork } = await import('./worker.ts')
      const work = await startWork({
        config,
        services,
        models,
        queueUrl: server.queueUrl,
        log,
        ...(metrics ? { metrics } : {}),
      })
      running.add(work.stop)
    }
    stopping?.throwIfAborted()
    return { stop: stopper.stop, services, ...(url === undefined ? {} : { url }) }
  } catch (error) {
    await stopper.stop()
    throw error
  }
}

const nameOf = ({ api, worker }: Parts) => (api && worker ? 'start' : api ? 'api' : 'worker')

/** The log that a configuration asks for, on stdout unless told otherwise. */
export function openLog(config: Config, destination?: NodeJS.WritableStream): Promise<Log> {
  return createLog({ ...config.log, ...(destination ? { destination } : {}) })
}
