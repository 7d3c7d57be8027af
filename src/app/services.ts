import { createDatabase, type Database } from '#platform/db/database.ts'
import { readInstallation, requireMigrated } from '#platform/db/installation.ts'
import { proveIsolation } from '#platform/db/prove-isolation.ts'
import type { Log } from '#platform/log/index.ts'
import { createFileStore, createS3Store, type ObjectStore } from '#platform/objects/index.ts'
import { type Cursors, createCursors } from '#platform/paging/index.ts'
import { createQueue, type Queue } from '#platform/queue/index.ts'
import type { Config, ObjectsConfig } from './config.ts'
import { MIGRATIONS } from './paths.ts'

/** What API, worker and command line all stand on. */
export type Services = { db: Database; objects: ObjectStore; queue: Queue; cursors: Cursors; close(): Promise<void> }

type Options = { config: Pick<Config, 'objects'>; appUrl: string; log: Log; poolSize?: number }

/** Opens them, and refuses with one clear Error when the database is too old or would not keep tenants apart. */
export async function openServices({ config, appUrl, log, poolSize }: Options): Promise<Services> {
  const db = createDatabase({
    url: appUrl,
    ...(poolSize === undefined ? {} : { poolSize }),
    onError: (error) => log.warn({ err: error }, 'a database connection broke'),
  })
  try {
    await requireMigrated(db, MIGRATIONS)
    await proveIsolation(db.pool)
    const { secret } = await readInstallation(db)
    const objects = createObjects(config.objects)
    const close = async () => {
      await objects.close()
      await db.close()
    }
    return { db, objects, queue: createQueue(), cursors: createCursors(secret), close }
  } catch (error) {
    await db.close()
    throw error
  }
}

export function createObjects(config: ObjectsConfig): ObjectStore {
  return config.kind === 'files' ? createFileStore(config) : createS3Store(config)
}
