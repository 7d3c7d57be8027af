import { createAnswerStore } from '#features/idempotency/index.ts'
import { materialsWork } from '#features/materials/index.ts'
import { createOutlineEngine, structureWork } from '#features/structure/index.ts'
import { createExtractor } from '#platform/extract/index.ts'
import type { Log } from '#platform/log/index.ts'
import { repeat } from '#platform/queue/index.ts'
import { startWorker } from '#platform/queue/start-worker.ts'
import { createWebFetcher } from '#platform/web/fetcher.ts'
import type { WebFetcher } from '#platform/web/index.ts'
import type { Config } from './config.ts'
import type { Services } from './services.ts'

export type WorkerOptions = {
  config: Pick<Config, 'workerSlots' | 'drainMs'>
  services: Services
  queueUrl: string
  log: Log
  web?: WebFetcher
}

// Deleted files go within seconds; forgetting old idempotency keys can wait.
const DISCARD_EVERY = 5_000
const FORGET_EVERY = 60_000

/** The worker, wired: it runs jobs and keeps house until it is stopped. */
export async function startWork({
  config,
  services,
  queueUrl,
  log,
  web = createWebFetcher(),
}: WorkerOptions): Promise<{ stop(): Promise<void> }> {
  const { db, objects } = services
  const extractor = createExtractor({ log })
  const materials = materialsWork({ db, objects, extractor, web })
  const structure = structureWork({ db, engine: createOutlineEngine() })
  const answers = createAnswerStore({ db })
  const worker = await startWorker({
    db,
    queueUrl,
    slots: config.workerSlots,
    handlers: [...materials.handlers, ...structure.handlers],
    log,
    graceMs: config.drainMs,
  })
  const chores = [
    repeat(
      DISCARD_EVERY,
      async () => void (await materials.emptyDiscarded()),
      (error) => log.warn({ err: error }, 'deleted files are still there'),
    ),
    repeat(
      FORGET_EVERY,
      async () => void (await answers.sweep()),
      (error) => log.warn({ err: error }, 'old idempotency keys are still there'),
    ),
  ]
  return {
    stop: async () => {
      await Promise.all(chores.map((chore) => chore.stop()))
      await worker.stop()
      await extractor.close()
    },
  }
}
