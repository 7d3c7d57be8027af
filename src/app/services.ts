import { Failure } from '#kernel/failure.ts'
import { createDatabase, type Database } from '#platform/db/database.ts'
import { readInstallation, requireMigrated } from '#platform/db/installation.ts'
import { proveIsolation } from '#platform/db/prove-isolation.ts'
import type { Log } from '#platform/log/index.ts'
import { createFileStore, type ObjectStore } from '#platform/objects/index.ts'
import { type Cursors, createCursors } from '#platform/paging/index.ts'
import { createQueue, type Queue } from '#platform/queue/index.ts'
import type { Config, ObjectsConfig } from './config.ts'
import { causeOf } from './describe-error.ts'
import { MIGRATIONS } from './paths.ts'

/** What API, worker and command line all stand on. */
export type Services = {
  db: Database
  objects: ObjectStore
  queue: Queue
  cursors: Cursors
  /** Signs what clients carry back to us. */
  secret: Buffer
  close(): Promise<void>
}

type Options = { config: Pick<Config, 'objects'>; appUrl: string; log: Log; poolSize?: number }

/** Opens them, and refuses with one clear Error when the database is too old or would not keep tenants apart. */
export async function openServices({ config, appUrl, log, poolSize }: Options): Promise<Services> {
  const db = createDatabase({
    url: appUrl,
    ...(poolSize === undefined ? {} : { poolSize }),
    onError: (error) => log.warn({ err: error }, 'a database connection broke'),
  })
  try {
    await requireAnswer(db)
    await requireMigrated(db, MIGRATIONS)
    await proveIsolation(db.pool)
    const { secret } = await readInstallation(db)
    const objects = await createObjects(config.objects)
    const close = async () => {
      await objects.close()
      await db.close()
    }
    return { db, objects, queue: createQueue(), cursors: createCursors(secret), secret, close }
  } catch (error) {
    await db.close()
    throw error
  }
}

async function requireAnswer({ statement }: Database) {
  try {
    await statement('probe', 'SELECT 1', [])
  } catch (error) {
    const cause = error instanceof Failure ? error.cause : error
    throw new Error(`The database cannot be used: ${causeOf(cause)}`, { cause: error })
  }
}

async function createObjects(config: ObjectsConfig): Promise<ObjectStore> {
  if (config.kind === 'files') return createFileStore(config)
  // The SDK takes long to load, and an installation of one machine has no S3.
  const { createS3Store } = await import('#platform/objects/s3-store.ts')
  return createS3Store(config)
}
