import { afterEach, describe, expect, test } from 'vitest'
import { cut, once } from '#test/contract/bodies.ts'
import { objectStoreContract } from '#test/contract/object-store.ts'
import { type StoreOnFake, startS3Store } from '#test/fakes/s3/store.ts'
import { createS3Store, type S3Options } from './s3-store.ts'

const MiB = 1024 * 1024
const ROOMY = { maxBytes: 100 * MiB }
/** Of two parts. */
const LARGE = Buffer.alloc(9 * MiB, 'Матеріал курсу. ')

let running: StoreOnFake | undefined

afterEach(async () => {
  await running?.close()
  running = undefined
})

async function start(...options: Parameters<typeof startS3Store>): Promise<StoreOnFake> {
  running = await startS3Store(...options)
  return running
}

describe.each([true, false])('on a bucket whose versioning is %s', (versioned) => {
  const make = async () => {
    // Small pages, so that every listing of the contract is more than one.
    const { server, store } = await start({}, { versioned, pageLimit: 2 })
    return {
      store,
      leftovers: () => server.uploads().map(({ key }) => key),
      hold() {
        const began = Promise.withResolvers<void>()
        const gate = Promise.withResolvers<void>()
        server.faults.next('UploadPart', { kind: 'hold', until: gate.promise, begun: began.resolve })
        return { began: began.promise, release: gate.resolve }
      },
      destroy: async () => {},
    }
  }
  objectStoreContract('the S3 store', make, { partial: versioned })
})

describe('requests', () => {
  test('a body below one part is one PutObject, a larger one a multipart upload', async () => {
    const { server, store } = await start()
    await store.put('small', once(Buffer.from('мале')), { ...ROOMY, contentType: 'text/plain; charset=utf-8' })
    expect(server.requests.map(({ operation }) => operation)).toEqual(['PutObject', 'HeadObject'])
    expect(server.objects().get('small')?.contentType).toBe('text/plain; charset=utf-8')

    server.requests.length = 0
    await store.put('large', cut(LARGE, 100_000), { ...ROOMY, contentType: 'video/mp4' })
    expect(server.requests.map(({ operation }) => operation)).toEqual([
      ...['CreateMultipartUpload', 'UploadPart', 'UploadPart', 'ListParts'],
      ...['CompleteMultipartUpload', 'HeadObject'],
    ])
    expect(server.objects().get('large')?.contentType).toBe('video/mp4')

    server.requests.length = 0
    await store.put('exact', once(LARGE.subarray(0, 8 * MiB)), ROOMY)
    expect(server.requests.filter(({ operation }) => operation === 'UploadPart')).toHaveLength(1)
  })

  test('the bucket is named in the path, not in the host', async () => {
    const { server, options } = await start()
    const endpoint = server.url.replace('127.0.0.1', 'localhost')
    const store = createS3Store({ ...options, endpoint })
    await store.put('a', once(Buffer.from('шлях')), ROOMY)
    await store.close()
    expect([...server.objects().keys()]).toEqual(['a'])
  })

  test('the key, the region and the bucket must be right for the check to pass', async () => {
    const { store, options } = await start()
    const signal = new AbortController().signal
    await store.check(signal)
    const wrong: Partial<S3Options>[] = [
      { secretKey: 'wrong' },
      { accessKey: 'wrong' },
      { region: 'us-west-004' },
      { bucket: 'absent' },
      { endpoint: 'http://127.0.0.1:1' },
    ]
    for (const one of wrong) {
      const other = createS3Store({ ...options, ...one })
      await expect(other.check(signal), JSON.stringify(one)).rejects.toThrow()
      await other.close()
    }
  })
})
