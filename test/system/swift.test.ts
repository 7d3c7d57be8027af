import { ListMultipartUploadsCommand } from '@aws-sdk/client-s3'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createS3Store } from '#platform/objects/s3-store.ts'
import { commandLine } from '#test/command-line.ts'
import { objectStoreContract } from '#test/contract/object-store.ts'
import { type RunningSwift, startSwift } from './swift.ts'

let swift: RunningSwift

beforeAll(async () => {
  swift = await startSwift()
}, 200_000)
afterAll(() => swift?.close())

objectStoreContract('the S3 store on OpenStack Swift', async () => {
  const options = await swift.newBucket()
  const store = createS3Store(options)
  return {
    store,
    async leftovers() {
      const { Uploads = [] } = await swift.client.send(new ListMultipartUploadsCommand({ Bucket: options.bucket }))
      return Uploads.map(({ Key = '' }) => Key)
    },
    destroy: () => store.close(),
  }
})

type Row = { what: string; needed: boolean; result: string; detail: string | null }

test('the probe passes, and says what there is not', async () => {
  const { endpoint, region, accessKey, secretKey, bucket } = await swift.newBucket()
  const keys = { S3_ACCESS_KEY: accessKey, S3_SECRET_KEY: secretKey }
  const cli = commandLine({ S3_ENDPOINT: endpoint, S3_REGION: region, S3_BUCKET: bucket, ...keys })
  const { ok, rows } = await cli.json('storage', 'probe')
  expect(ok).toBe(true)
  expect(
    rows.filter(({ result }: Row) => result !== 'ok').map(({ what, detail }: Row) => `${what}: ${detail}`),
  ).toEqual([
    'hidden versions end after 7 days: not needed: the bucket keeps no versions',
    'browsers may write directly: the server knows no CORS rules',
  ])
  expect(await cli.run('storage', 'cors', '--origin', 'https://lms.example')).toEqual({
    code: 1,
    out: '',
    err: "course-supporter: The server takes no CORS rules by its S3 API: set them in the provider's console.\n",
  })
})
