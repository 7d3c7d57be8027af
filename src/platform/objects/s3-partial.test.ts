import { createHash } from 'node:crypto'
import { afterEach, describe, expect, test } from 'vitest'
import { cut, listed, noise, once, read } from '#test/contract/bodies.ts'
import type { Fault } from '#test/fakes/s3/faults.ts'
import type { Operation } from '#test/fakes/s3/request.ts'
import { type StoreOnFake, startS3Store } from '#test/fakes/s3/store.ts'
import { partBuffers } from './part-buffers.ts'
import type { DirectStore, PartialObject } from './store.ts'

const MiB = 1024 * 1024
const PART = 8 * MiB
const SIZE = PART + 1000

let running: StoreOnFake | undefined

afterEach(async () => {
  await running?.close()
  running = undefined
})

async function start(): Promise<StoreOnFake> {
  running = await startS3Store({ timeouts: { backoffMs: 1 } }, { pageLimit: 2 })
  return running
}

const saved = async () => {}

/** Writes `bytes` in two requests, with a tail in between, and completes them. */
async function writeInTwo({ store: { partial } }: StoreOnFake, bytes: Buffer): Promise<PartialObject> {
  const size = bytes.byteLength
  const begun = await partial.begin('a', { size })
  const first = await partial.append('a', begun, cut(bytes.subarray(0, 500), 100), { size, saved })
  const account = await partial.append('a', first, cut(bytes.subarray(500), 100_000), { size, saved })
  await partial.complete('a', account, { size })
  return account
}

describe('an object written in two requests', () => {
  const bytes = noise(SIZE)

  test.each<[Operation, Fault]>(
    (
      [
        ...['CreateMultipartUpload', 'PutObject', 'GetObject', 'UploadPart', 'ListParts', 'CompleteMultipartUpload'],
        ...['HeadObject', 'DeleteObject'],
      ] as Operation[]
    ).flatMap((operation): [Operation, Fault][] => [
      [operation, { kind: 'status', status: 503 }],
      [operation, { kind: 'reset' }],
    ]),
  )('is whole though %s met %j', async (operation, fault) => {
    const started = await start()
    started.server.faults.next(operation, fault)
    await writeInTwo(started, bytes)
    expect(started.server.faults.pending()).toBe(0)
    expect((await read(started.store, 'a')).equals(bytes)).toBe(true)
    expect((await listed(started.store, '')).map(({ key }) => key)).toEqual(['a'])
    expect(started.server.uploads()).toEqual([])
    expect(partBuffers.inUse()).toBe(0)
  })

  test('keeps nothing that the store confirmed wrongly', async () => {
    const started = await start()
    started.server.faults.next('UploadPart', { kind: 'wrong-etag' })
    await expect(writeInTwo(started, bytes)).rejects.toThrow(/^The store holds another part/)
    expect(started.server.objects().has('a')).toBe(false)
    await started.store.partial.abort('a')
    expect(started.server.uploads()).toEqual([])
    expect(await listed(started.store, '')).toEqual([])
  })

  test('is not trusted when what was kept aside is shorter than it was', async () => {
    const { store, server } = await start()
    const begun = await store.partial.begin('a', { size: SIZE })
    const account = await store.partial.append('a', begun, once(bytes.subarray(0, 500)), { size: SIZE, saved })
    await store.put('a.tail-500', once(bytes.subarray(0, 400)), { maxBytes: 500 })
    const appending = store.partial.append('a', account, once(bytes.subarray(500)), { size: SIZE, saved })
    await expect(appending).rejects.toThrow('400 of 500 bytes')
    expect(server.requests.some(({ operation }) => operation === 'UploadPart')).toBe(false)
    expect(partBuffers.inUse()).toBe(0)
  })

  test('is not harmed by what a dead request had wanted to keep aside and brings late', async () => {
    const { store } = await start()
    const begun = await store.partial.begin('a', { size: SIZE })
    const first = await store.partial.append('a', begun, once(bytes.subarray(0, 100)), { size: SIZE, saved })
    const second = await store.partial.append('a', first, once(bytes.subarray(100, 500)), { size: SIZE, saved })
    expect(await listed(store, '')).toMatchObject([{ key: 'a.tail-500' }])
    await store.put('a.tail-100', once(bytes.subarray(0, 100)), { maxBytes: 100 })
    const whole = await store.partial.append('a', second, once(bytes.subarray(500)), { size: SIZE, saved })
    await store.partial.complete('a', whole, { size: SIZE })
    expect(Buffer.concat(await (await store.get('a')).toArray())).toEqual(Buffer.from(bytes))
    expect(await listed(store, '')).toMatchObject([{ key: 'a' }])
  })

  test('is completed once though the answer of the first completion was lost', async () => {
    const started = await start()
    started.server.faults.next('CompleteMultipartUpload', { kind: 'reset', when: 'after' })
    await writeInTwo(started, bytes)
    expect(started.server.versionsOf('a')).toBe(1)
  })
})

describe('direct', () => {
  async function startDirect(size: number) {
    const started = await start()
    const { store } = started
    const direct = store.direct as DirectStore
    const begun = await store.partial.begin('a', { size, contentType: 'video/mp4' })
    return { ...started, direct, begun, signed: await direct.signParts('a', begun, { size, seconds: 60 }) }
  }

  const send = (url: string, body: Uint8Array) => fetch(url, { method: 'PUT', body: new Uint8Array(body) })

  test('parts go to the bucket by signed requests and become an object', async () => {
    const bytes = noise(SIZE)
    const { store, direct, begun, signed, server } = await startDirect(SIZE)
    expect(signed.map(({ headers }) => headers)).toEqual([
      { 'content-length': String(PART) },
      { 'content-length': '1000' },
    ])
    expect((await send(signed[1]?.url ?? '', bytes.subarray(PART))).status).toBe(200)
    const md5 = (part: Buffer) => createHash('md5').update(part).digest('hex')
    const last = { size: 1000, etag: md5(bytes.subarray(PART)) }
    expect(await direct.listParts('a', begun)).toEqual([{ size: 0, etag: '' }, last])
    await expect(store.partial.complete('a', { ...begun, parts: [last] }, { size: SIZE })).rejects.toThrow()

    expect((await send(signed[0]?.url ?? '', bytes.subarray(0, PART))).status).toBe(200)
    const parts = await direct.listParts('a', begun)
    expect(parts).toEqual([{ size: PART, etag: md5(bytes.subarray(0, PART)) }, last])
    await store.partial.complete('a', { ...begun, parts }, { size: SIZE })
    expect((await read(store, 'a')).equals(bytes)).toBe(true)
    expect(server.objects().get('a')?.contentType).toBe('video/mp4')
    expect(await direct.listParts('a', begun)).toEqual([])
    await store.partial.complete('a', { ...begun, parts: [] }, { size: SIZE })
  })

  test('a part of another size, number, upload or key is refused', async () => {
    const { signed, begun, direct } = await startDirect(10)
    const url = signed[0]?.url ?? ''
    expect((await send(url, Buffer.alloc(11))).status).toBe(403)
    expect((await send(url, Buffer.alloc(9))).status).toBe(403)
    expect((await send(url.replace('partNumber=1', 'partNumber=2'), Buffer.alloc(10))).status).toBe(403)
    expect((await send(url.replace('/a?', '/b?'), Buffer.alloc(10))).status).toBe(403)
    expect((await fetch(url)).status).toBe(403)
    expect(await direct.listParts('a', begun)).toEqual([])
  })

  test('all 10 000 parts of a large object are signed at one go', async () => {
    const size = PART * 10_000
    const { signed } = await startDirect(size)
    expect(signed).toHaveLength(10_000)
    expect(new Set(signed.map(({ url }) => new URL(url).searchParams.get('partNumber'))).size).toBe(10_000)
  })

  test.each(['Лекція 1 — вступ.mp4', 'a"b\\c;d.pdf', "it's (a) 100%.txt", '🇺🇦.md'])(
    '%s is read under its name',
    async (filename) => {
      const { store, direct } = await startDirect(1)
      await store.put('c/d', once(Buffer.from('зміст')), { maxBytes: 100 })
      const url = await direct.signGet('c/d', { seconds: 60, filename, contentType: 'text/plain; charset=utf-8' })
      const answer = await fetch(url)
      expect(answer.status).toBe(200)
      expect(await answer.text()).toBe('зміст')
      expect(answer.headers.get('content-type')).toBe('text/plain; charset=utf-8')
      const disposition = answer.headers.get('content-disposition') ?? ''
      expect(disposition).toMatch(/^attachment; filename/)
      const extended = /filename\*=UTF-8''(.*)$/.exec(disposition)?.[1]
      const plain = /filename="((?:[^"\\]|\\.)*)"/.exec(disposition)?.[1]?.replaceAll(/\\(.)/g, '$1')
      expect(
        extended === undefined ? (plain ?? /filename=(.*)$/.exec(disposition)?.[1]) : decodeURIComponent(extended),
      ).toBe(filename)
      expect((await fetch(url.replace('attachment', 'inline'))).status).toBe(403)
    },
  )
})
