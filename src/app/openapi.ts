import { createDatabase } from '#platform/db/database.ts'
import { createLog } from '#platform/log/index.ts'
import { createFileStore } from '#platform/objects/index.ts'
import { createCursors } from '#platform/paging/index.ts'
import { createQueue } from '#platform/queue/index.ts'
import { createApi } from './api.ts'
import { withoutLanguageModels } from './language-models.ts'

/** The OpenAPI document of the whole API as JSON text. Builds the server; nothing listens and nothing connects. */
export async function describedApi(): Promise<string> {
  const db = createDatabase({ url: 'postgres://nobody@127.0.0.1:1/none' })
  const objects = createFileStore({ folder: '/nonexistent' })
  const secret = Buffer.alloc(32)
  const services = {
    db,
    objects,
    queue: createQueue(),
    cursors: createCursors(secret),
    secret,
    close: async () => undefined,
  }
  const http = { host: '127.0.0.1', port: 0, corsOrigins: [], trustedProxies: [], processes: 1 }
  const log = await createLog({ level: 'silent', pretty: false })
  const running = await createApi({
    config: {
      environment: 'production',
      http,
      maxUploadBytes: 1024 ** 3,
      maxConcurrentUploads: 8,
      webhookTargets: 'public',
    },
    services,
    models: withoutLanguageModels({ db, log }),
    log,
  })
  try {
    return `${JSON.stringify(running.api.swagger(), null, 2)}\n`
  } finally {
    await running.close(0)
    await db.close()
  }
}
