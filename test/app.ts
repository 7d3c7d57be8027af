import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createApi, type RunningApi } from '#app/api.ts'
import type { Config, ObjectsConfig } from '#app/config.ts'
import { type LanguageModels, openLanguageModels, withoutLanguageModels } from '#app/language-models.ts'
import type { ProcessMetrics } from '#app/metrics/process-metrics.ts'
import { LLM_REGISTRY } from '#app/paths.ts'
import { openServices, type Services } from '#app/services.ts'
import type { startWork } from '#app/worker.ts'
import { createTenants } from '#features/access/index.ts'
import type { Scope } from '#kernel/caller.ts'
import type { Media } from '#platform/media/index.ts'
import type { WebFetcher, WebPoster } from '#platform/web/index.ts'
import { type Client, createClient } from './client.ts'
import { cloneDatabase, type TestDatabase } from './database.ts'
import { noMedia } from './fakes/media.ts'
import { inProcessExtractor } from './in-process-extractor.ts'
import { capturedLog } from './log.ts'

export type TestApp = {
  url: string
  database: TestDatabase
  services: Services
  models: LanguageModels
  running: RunningApi
  /** Where the bytes of materials lie. */
  objectsFolder: string
  /** Where the worker keeps files for a while. */
  scratchFolder: string
  /** Everything the app logged, a JSON line each. */
  logged: string[]
  /** A client with a fresh key of the tenant, which is made when there is none of that name. */
  as(
    tenant: string,
    scopes?: Scope[],
    limits?: { prep?: number; check?: number },
  ): Promise<Client & { key: string; tenantId: string }>
  /** A client without a key. */
  anonymous: Client
  close(): Promise<void>
}

export type TestAppOptions = {
  /** Runs the background worker, too. */
  worker?: boolean
  maxUploadBytes?: number
  /** Far above what tests upload at once, unless they are about it. */
  maxConcurrentUploads?: number
  corsOrigins?: string[]
  trustedProxies?: string[]
  webhookTargets?: Config['webhookTargets']
  web?: WebFetcher
  poster?: WebPoster
  /** What reads films and draws pages; nothing is installed unless told so. */
  media?: Media
  /** Where materials' bytes go, if not into a folder. */
  objects?: ObjectsConfig
  /** Milliseconds for which an upload may be silent. */
  uploadStallMs?: number
  /** Whom the app may ask; nobody unless told so. It waits for nothing between two tries. */
  llm?: Partial<Config['llm']>
  /** What counts. */
  metrics?: ProcessMetrics
}

/** The real app on a port of its own, over a database and a folder of its own. `close` fails when it left a connection open. */
export async function startApp(options: TestAppOptions = {}): Promise<TestApp> {
  const {
    worker = false,
    maxUploadBytes = 1024 ** 3,
    maxConcurrentUploads = 64,
    corsOrigins = [],
    trustedProxies = [],
    webhookTargets = 'public',
  } = options
  const database = await cloneDatabase()
  const folder = await mkdtemp(join(tmpdir(), 'course-supporter-app-'))
  const objectsFolder = join(folder, 'objects')
  const scratchFolder = join(folder, 'scratch')
  const objects = options.objects ?? { kind: 'files', folder: objectsFolder }
  const { log, lines } = await capturedLog()
  const services = await openServices({
    config: { objects },
    appUrl: database.urls.app,
    log,
  })
  const llm = options.llm && { keys: {}, monthlyLimitNanoUsd: null, registryFile: LLM_REGISTRY, ...options.llm }
  const { db } = services
  const models = llm
    ? await openLanguageModels({ config: { llm }, db, log, sleep: async () => undefined })
    : withoutLanguageModels({ db, log })
  const http = { host: '127.0.0.1', port: 0, corsOrigins, trustedProxies, processes: 1 }
  const { uploadStallMs } = options
  const running = await createApi({
    config: { environment: 'test', http, maxUploadBytes, maxConcurrentUploads, webhookTargets },
    services,
    models,
    log,
    ...(uploadStallMs === undefined ? {} : { uploadStallMs }),
    ...(options.metrics ? { metrics: options.metrics } : {}),
  })
  const url = await running.api.listen({ host: '127.0.0.1', port: 0, listenTextResolver: () => 'listening' })
  const work = worker
    ? await (await loadWorker())({
        config: {
          environment: 'test',
          workerSlots: 4,
          drainMs: 1_000,
          objects,
          scratchDir: scratchFolder,
          webhookTargets,
        },
        services,
        models,
        queueUrl: database.urls.queue,
        log,
        extractor: inProcessExtractor,
        media: options.media ?? noMedia,
        ...(options.web ? { web: options.web } : {}),
        // No test sends anything to anybody's server.
        poster: options.poster ?? { post: async () => ({ status: 204, retryAfterSeconds: null }) },
        ...(options.metrics ? { metrics: options.metrics } : {}),
      })
    : undefined
  const tenants = createTenants({ db: services.db })

  return {
    url,
    database,
    services,
    models,
    running,
    objectsFolder,
    scratchFolder,
    logged: lines,
    anonymous: createClient(url),
    async as(tenant, scopes = ['prep', 'check'], { prep = 100_000, check = 100_000 } = {}) {
      const known = (await tenants.list()).find(({ name }) => name === tenant) ?? (await tenants.create(tenant))
      const { key } = await tenants.issueKey({ tenant, scopes, ratePrep: prep, rateCheck: check })
      return { ...createClient(url, key), key, tenantId: known.id }
    },
    async close() {
      await work?.stop()
      await running.close(1_000)
      await services.close()
      await rm(folder, { recursive: true, force: true })
      await database.drop()
    },
  }
}

// Most tests need none, and loading it takes a while.
const loadWorker = async (): Promise<typeof startWork> => (await import('#app/worker.ts')).startWork
