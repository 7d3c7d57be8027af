import type { ObjectStore, S3Options } from '#platform/objects/index.ts'
import { createS3Store } from '#platform/objects/s3-store.ts'
import { type S3Server, type S3ServerOptions, startS3Server } from './server.ts'

export type StoreOnFake = { server: S3Server; store: ObjectStore; options: S3Options; close(): Promise<void> }

/** An S3 store on an empty bucket of a server of its own. */
export async function startS3Store(
  changes: Partial<S3Options> = {},
  serverChanges: Partial<S3ServerOptions> = {},
): Promise<StoreOnFake> {
  const keys = {
    accessKey: 'test:tester',
    secretKey: 'a/secret+with=signs',
    bucket: 'materials',
    region: 'eu-central-003',
  }
  const server = await startS3Server({ ...keys, ...serverChanges })
  const options = { ...keys, endpoint: server.url, ...changes }
  const store = createS3Store(options)

  return {
    server,
    store,
    options,
    async close() {
      await store.close()
      await server.close()
    },
  }
}
