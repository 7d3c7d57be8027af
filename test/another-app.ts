import { createApi } from '#app/api.ts'
import type { ObjectsConfig } from '#app/config.ts'
import { withoutLanguageModels } from '#app/language-models.ts'
import { openServices } from '#app/services.ts'
import type { TestApp } from './app.ts'
import { capturedLog } from './log.ts'

/** Another API process of an app's installation: the same database and the same objects, nothing else. */
export async function startAnother(
  app: TestApp,
  objects: ObjectsConfig = { kind: 'files', folder: app.objectsFolder },
) {
  const { log } = await capturedLog()
  const services = await openServices({ config: { objects }, appUrl: app.database.urls.app, log })
  const http = { host: '127.0.0.1', port: 0, corsOrigins: [], trustedProxies: [], processes: 1 }
  const running = await createApi({
    config: { environment: 'test', http, maxUploadBytes: 1024 ** 3, maxConcurrentUploads: 8, webhookTargets: 'public' },
    services,
    models: withoutLanguageModels({ db: services.db, log }),
    log,
  })
  return {
    url: await running.api.listen({ host: '127.0.0.1', port: 0, listenTextResolver: () => 'listening' }),
    close: async () => {
      await running.close(0)
      await services.close()
    },
  }
}
