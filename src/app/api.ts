import { accessFeature, KEY_FAILURES } from '#features/access/index.ts'
import { coursesFeature } from '#features/courses/index.ts'
import { healthFeature } from '#features/health/index.ts'
import { homeworkFeature } from '#features/homework/index.ts'
import { createAnswerStore } from '#features/idempotency/index.ts'
import { jobsFeature } from '#features/jobs/index.ts'
import { materialsFeature } from '#features/materials/index.ts'
import { createAdmission, storageOf } from '#features/storage/index.ts'
import { structureFeature } from '#features/structure/index.ts'
import { studentsFeature } from '#features/students/index.ts'
import { uploadsFeature } from '#features/uploads/index.ts'
import { usageFeature } from '#features/usage/index.ts'
import { webhooksFeature } from '#features/webhooks/index.ts'
import { type Api, closeServer, createOnce, createServer, type Inventory } from '#platform/http/index.ts'
import { newId } from '#platform/ids/index.ts'
import type { Limiter } from '#platform/limits/index.ts'
import type { Log } from '#platform/log/index.ts'
import type { Config } from './config.ts'
import { API_DESCRIPTION } from './description.ts'
import type { LanguageModels } from './language-models.ts'
import type { ProcessMetrics } from './metrics/process-metrics.ts'
import type { Services } from './services.ts'

export type ApiOptions = {
  config: Pick<Config, 'environment' | 'http' | 'maxUploadBytes' | 'maxConcurrentUploads' | 'webhookTargets'>
  services: Services
  models: LanguageModels
  log: Log
  /** Counts requests across processes; without it each counts alone. */
  sharedLimiter?: Limiter
  /** Milliseconds for which an upload may be silent. */
  uploadStallMs?: number
  metrics?: ProcessMetrics
  /** Whether the process is about to stop, so that no new traffic is sent to it. */
  isStopping?: () => boolean
}

export type RunningApi = { api: Api; inventory: Inventory; close(graceMs: number): Promise<void> }

/** The API, wired: every feature's routes on one server. Nothing listens yet. */
export async function createApi({
  config,
  services,
  models,
  log,
  sharedLimiter,
  uploadStallMs: stallMs,
  metrics,
  isStopping = () => false,
}: ApiOptions): Promise<RunningApi> {
  const { db, objects, queue, cursors, secret } = services
  const now = () => performance.now()
  const access = accessFeature({ db, now, ...(sharedLimiter ? { sharedLimiter } : {}) })
  const { api, inventory } = await createServer({
    log,
    newId,
    gate: access.gate,
    trustedProxies: config.http.trustedProxies,
    corsOrigins: config.http.corsOrigins,
    description: { ...API_DESCRIPTION, keyFailures: KEY_FAILURES },
    ...(metrics ? { meter: metrics.meter } : {}),
  })
  const once = createOnce(createAnswerStore({ db }))
  const date = () => new Date()
  const usage = usageFeature({ db, now: date })
  const admission = createAdmission({ total: config.maxConcurrentUploads })
  metrics?.watchUploads(admission.taken)
  const materials = materialsFeature({
    db,
    objects,
    queue,
    cursors,
    once,
    log,
    admission,
    maxUploadBytes: config.maxUploadBytes,
    secret,
    ...(stallMs === undefined ? {} : { stallMs }),
  })
  const uploads = uploadsFeature({
    db,
    objects,
    queue,
    once,
    log,
    admission,
    maxUploadBytes: config.maxUploadBytes,
    secret,
    ...(stallMs === undefined ? {} : { stallMs }),
  })
  healthFeature({
    db: () => db.statement('probe', 'SELECT 1', []),
    objects: (signal) => objects.check(signal),
    now,
    onFailure: (part, error) => log.error({ err: error, part }, 'a health probe failed'),
    isStopping,
  }).routes(api)
  await api.register(
    async (v1: Api) => {
      access.routes(v1, { storageOf: (tenantId) => db.forTenant(tenantId, storageOf), budgetOf: usage.budgetOf })
      coursesFeature({ db, cursors, once }).routes(v1)
      await materials.routes(v1)
      await uploads.routes(v1)
      structureFeature({ db, queue, cursors, once, models, budgetOf: usage.budgetOf, now: date }).routes(v1)
      const { llm, ledgers } = models
      const stall = stallMs === undefined ? {} : { stallMs }
      const homework = { db, queue, cursors, once, llm, ledgers, objects, log, admission, ...stall }
      await homeworkFeature(homework).routes(v1)
      studentsFeature({ db, objects, queue, cursors, secret }).routes(v1)
      jobsFeature({ db, queue }).routes(v1)
      const allowHttp = config.environment !== 'production'
      webhooksFeature({ db, cursors, once, secret, allowHttp, reach: config.webhookTargets }).routes(v1)
      usage.routes(v1)
    },
    { prefix: '/api/v1' },
  )
  await api.ready()
  return {
    api,
    inventory,
    close: async (graceMs) => {
      await closeServer(api, graceMs)
      access.close()
    },
  }
}
