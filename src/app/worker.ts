import { homeworkWork } from '#features/homework/index.ts'
import { createAnswerStore } from '#features/idempotency/index.ts'
import { materialsWork, PAGE_TYPES } from '#features/materials/index.ts'
import { createSweepChore, dropExpiredUploads } from '#features/storage/index.ts'
import { createBackgroundOutline, structureWork } from '#features/structure/index.ts'
import { studentsWork } from '#features/students/index.ts'
import { webhooksWork } from '#features/webhooks/index.ts'
import { createExtractor, type Extractor } from '#platform/extract/index.ts'
import type { Log } from '#platform/log/index.ts'
import { createMedia, type Media } from '#platform/media/index.ts'
import { sweepIncoming } from '#platform/objects/index.ts'
import { repeat } from '#platform/queue/index.ts'
import { startWorker } from '#platform/queue/start-worker.ts'
import { createScratch } from '#platform/scratch/index.ts'
import { createWebFetcher } from '#platform/web/fetcher.ts'
import type { WebFetcher, WebPoster } from '#platform/web/index.ts'
import { createWebPoster } from '#platform/web/poster.ts'
import type { Config } from './config.ts'
import type { LanguageModels } from './language-models.ts'
import type { ProcessMetrics } from './metrics/process-metrics.ts'
import type { Services } from './services.ts'

export type WorkerOptions = {
  config: Pick<Config, 'environment' | 'workerSlots' | 'drainMs' | 'objects' | 'scratchDir' | 'webhookTargets'>
  services: Services
  models: LanguageModels
  queueUrl: string
  log: Log
  web?: WebFetcher
  poster?: WebPoster
  extractor?: Extractor
  media?: Media
  metrics?: ProcessMetrics
}

// What a webhook waits at most when all is well.
const DELIVER_EVERY = 1_000
// Deleted files go within seconds; forgetting old idempotency keys can wait.
const DISCARD_EVERY = 5_000
const FORGET_EVERY = 60_000
const DROP_EVERY = 60_000
const SWEEP_EVERY = 600_000
// How often it is asked whether the hour is over.
const SWEEP_STORAGE_EVERY = 60_000
const SETTLE_EVERY = 30_000
const PRUNE_EVERY = 3_600_000
// What the object store did not take at once.
const COPY_EVERY = 60_000
const SWEEP_SCRATCH_EVERY = 3_600_000
// Far longer than an upload may be silent.
const HALF_WRITTEN = 3_600_000

/** The worker, wired: it runs jobs and keeps house until it is stopped. */
export async function startWork({
  config,
  services,
  models,
  queueUrl,
  log,
  web = createWebFetcher({ limits: { types: PAGE_TYPES } }),
  poster = createWebPoster({ allowHttp: config.environment !== 'production', reach: config.webhookTargets }),
  extractor = createExtractor({ log }),
  media = createMedia({ log }),
  metrics,
}: WorkerOptions): Promise<{ stop(): Promise<void> }> {
  const { db, objects, secret } = services
  const scratch = createScratch({ folder: config.scratchDir })
  const materials = materialsWork({ db, objects, extractor, web, media, scratch, models })
  const structure = structureWork({ db, outline: createBackgroundOutline(), models })
  const homework = homeworkWork({ db, objects, extractor, models, prompts: models.prompts })
  const students = studentsWork({ db, objects })
  const answers = createAnswerStore({ db })
  const webhooks = webhooksWork({ db, poster, secret, log })
  const worker = await startWorker({
    db,
    queueUrl,
    slots: config.workerSlots,
    handlers: [...materials.handlers, ...structure.handlers, ...homework.handlers],
    log,
    graceMs: config.drainMs,
    ...(metrics ? { onEnded: metrics.jobEnded } : {}),
  })
  const stopping = new AbortController()
  const sweepStorage = createSweepChore({
    db,
    objects,
    log,
    ...(metrics ? { tellRefusal: metrics.sweeperRefuses } : {}),
  })
  const chore = (everyMs: number, work: () => Promise<unknown>, left: string) =>
    repeat(
      everyMs,
      async () => void (await work()),
      (error) => log.warn({ err: error }, left),
    )
  const chores = [
    chore(DELIVER_EVERY, () => webhooks.courier.look(), 'webhooks are not delivered'),
    chore(PRUNE_EVERY, () => webhooks.prune(stopping.signal), 'old webhooks are still there'),
    chore(DISCARD_EVERY, () => materials.emptyDiscarded(stopping.signal), 'deleted files are still there'),
    chore(FORGET_EVERY, () => answers.sweep(), 'old idempotency keys are still there'),
    chore(DROP_EVERY, () => dropExpiredUploads(db, { signal: stopping.signal }), 'abandoned uploads are still there'),
    chore(SETTLE_EVERY, () => models.ledgers.settleExpired(), 'money of lost calls is still set aside'),
    chore(PRUNE_EVERY, () => structure.pruneAnswers(), 'old answers are still there'),
    chore(PRUNE_EVERY, () => students.deleteOldSubmissions(stopping.signal), 'old submissions are still there'),
    chore(COPY_EVERY, () => students.copyErasures(stopping.signal), 'the object store does not know of all erasures'),
    chore(SWEEP_SCRATCH_EVERY, () => scratch.sweep(), 'what killed workers left on the disk is still there'),
    chore(SWEEP_STORAGE_EVERY, () => sweepStorage(stopping.signal), 'what nothing owns is still stored'),
    ...(config.objects.kind === 'files'
      ? [chore(SWEEP_EVERY, sweepFiles(config.objects), 'half-written files are still there')]
      : []),
  ]
  return {
    stop: async () => {
      stopping.abort()
      await Promise.all(chores.map(({ stop }) => stop()))
      await webhooks.courier.stop()
      await worker.stop()
      await extractor.close()
    },
  }
}

const sweepFiles =
  ({ folder }: { folder: string }) =>
  () =>
    sweepIncoming({ folder, olderThanMs: HALF_WRITTEN })
