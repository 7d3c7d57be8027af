import { afterEach, describe, expect, test } from 'vitest'
import { cut, factsOf, listed, once, read } from '#test/contract/bodies.ts'
import type { Fault } from '#test/fakes/s3/faults.ts'
import type { Operation } from '#test/fakes/s3/request.ts'
import { type StoreOnFake, startS3Store } from '#test/fakes/s3/store.ts'
import { partBuffers } from './part-buffers.ts'

const MiB = 1024 * 1024
const ROOMY = { maxBytes: 100 * MiB }
/** Of two parts. */
const LARGE = Buffer.alloc(9 * MiB, 'Матеріал курсу. ')

/** Milliseconds short enough to wait for, where the store is silent and waiting is all that is left. */
const SHORT = 300

let running: StoreOnFake | undefined

afterEach(async () => {
  await running?.close()
  running = undefined
})

async function start(...[changes = {}, server]: Parameters<typeof startS3Store>): Promise<StoreOnFake> {
  running = await startS3Store({ ...changes, timeouts: { backoffMs: 1, ...changes.timeouts } }, server)
  return running
}

const CALLS: Operation[] = [
  'PutObject',
  'CreateMultipartUpload',
  'UploadPart',
  'ListParts',
  'CompleteMultipartUpload',
  'HeadObject',
]

/** A body whose put makes this call. */
const bodyFor = (operation: Operation) => (operation === 'PutObject' ? Buffer.from('мале') : LARGE)

async function expectStored({ server, store }: StoreOnFake, body: Buffer): Promise<void> {
  expect(server.faults.pending()).toBe(0)
  expect((await read(store, 'a')).equals(body)).toBe(true)
  expect(server.uploads().length).toBe(0)
  expect(partBuffers.inUse()).toBe(0)
}

function expectNothing({ server }: StoreOnFake): void {
  expect(server.objects().size).toBe(0)
  expect(server.versionsOf('a')).toBe(0)
  expect(server.uploads()).toEqual([])
  expect(partBuffers.inUse()).toBe(0)
}

describe('trouble that passes', () => {
  describe.each(CALLS)('at %s', (operation) => {
    test.each<Fault>([
      { kind: 'status', status: 500 },
      { kind: 'status', status: 503 },
      { kind: 'status', status: 429 },
      { kind: 'reset' },
    ])('a put goes on after %j', async (fault) => {
      const started = await start()
      const body = bodyFor(operation)
      started.server.faults.next(operation, fault)
      expect(await started.store.put('a', cut(body, 100_000), ROOMY)).toEqual(factsOf(body))
      await expectStored(started, body)
    })
  })

  test.each<[Operation, Fault]>([
    ['ListParts', { kind: 'truncate' }],
    ['CompleteMultipartUpload', { kind: 'truncate' }],
    ['CompleteMultipartUpload', { kind: 'status', status: 500, when: 'after' }],
    ['UploadPart', { kind: 'status', status: 503, when: 'after' }],
  ])('a put goes on after %s met %j', async (operation, fault) => {
    const started = await start()
    started.server.faults.next(operation, fault)
    expect(await started.store.put('a', cut(LARGE, 100_000), ROOMY)).toEqual(factsOf(LARGE))
    await expectStored(started, LARGE)
  })

  test('a put tries more than once again', async () => {
    const started = await start()
    started.server.faults.next('UploadPart', { kind: 'status', status: 500 }, 4)
    started.server.faults.next('CompleteMultipartUpload', { kind: 'status', status: 200 }, 2)
    expect(await started.store.put('a', cut(LARGE, 100_000), ROOMY)).toEqual(factsOf(LARGE))
    await expectStored(started, LARGE)
  })

  // The deadline leaves room for a busy machine; all wait for it together.
  test('a put goes on after any call that was not answered in time', { timeout: 60_000 }, async () => {
    await Promise.all(
      CALLS.map(async (operation) => {
        const started = await startS3Store({ timeouts: { requestMs: 4_000, backoffMs: 1 } })
        const body = bodyFor(operation)
        started.server.faults.next(operation, { kind: 'stall' })
        expect(await started.store.put('a', cut(body, 100_000), ROOMY)).toEqual(factsOf(body))
        expect(started.server.faults.pending()).toBe(0)
        expect((await read(started.store, 'a')).equals(body)).toBe(true)
        await started.close()
      }),
    )
  })

  test.each<Operation>(['PutObject', 'UploadPart', 'CompleteMultipartUpload', 'HeadObject'])(
    'a put goes on after the connection of %s was cut, before or after its work was done',
    async (operation) => {
      const started = await start()
      const body = bodyFor(operation)
      started.server.faults.next(operation, { kind: 'reset' })
      started.server.faults.next(operation, { kind: 'reset', when: 'after' })
      expect(await started.store.put('a', cut(body, 100_000), ROOMY)).toEqual(factsOf(body))
      await expectStored(started, body)
    },
  )

  test('get, head, delete, list and check try again', async () => {
    const { server, store } = await start()
    await store.put('a', once(Buffer.from('ще раз')), ROOMY)
    for (const operation of ['GetObject', 'HeadObject', 'ListObjectsV2', 'HeadBucket', 'DeleteObject'] as const) {
      server.faults.next(operation, { kind: 'status', status: 500 })
      server.faults.next(operation, { kind: 'reset' })
    }
    expect((await read(store, 'a')).toString()).toBe('ще раз')
    expect(await store.head('a')).toMatchObject({ size: 11 })
    expect(await listed(store, '')).toHaveLength(1)
    await store.check(new AbortController().signal)
    await store.delete('a')
    expect(server.faults.pending()).toBe(0)
    expect(server.objects().size).toBe(0)
  })
})

describe('trouble that stays', () => {
  describe.each(CALLS)('at %s', (operation) => {
    test.each([400, 403])('%i is not tried again and leaves nothing', async (status) => {
      const started = await start()
      started.server.faults.next(operation, { kind: 'status', status })
      await expect(started.store.put('a', cut(bodyFor(operation), 100_000), ROOMY)).rejects.toMatchObject({
        $metadata: { httpStatusCode: status },
      })
      const asked = started.server.requests.filter((one) => one.operation === operation && one.status === status)
      expect(asked).toHaveLength(1)
      expectNothing(started)
    })
  })

  test.each<Operation>(['UploadPart', 'CompleteMultipartUpload'])(
    '%s that keeps failing ends the put and aborts the upload',
    async (operation) => {
      const { server, store } = await start()
      server.faults.next(operation, { kind: 'status', status: 500 }, 1000)
      await expect(store.put('a', cut(LARGE, 100_000), ROOMY)).rejects.toMatchObject({
        $metadata: { httpStatusCode: 500 },
      })
      expect(server.requests.filter((request) => request.operation === operation)).toHaveLength(
        operation === 'UploadPart' ? 5 : 4,
      )
      expect(server.objects().size).toBe(0)
      expect(server.uploads()).toEqual([])
    },
  )

  test.each<Operation>(['PutObject', 'UploadPart', 'CompleteMultipartUpload'])(
    'a store that falls silent at %s ends the put by its deadline',
    async (operation) => {
      const { server, store } = await start({ timeouts: { requestMs: SHORT } })
      const body = bodyFor(operation)
      server.faults.next(operation, { kind: 'stall' }, 1000)
      await expect(store.put('a', cut(body, 100_000), ROOMY)).rejects.toMatchObject({ name: 'TimeoutError' })
      expect(server.objects().size).toBe(0)
      expect(server.uploads()).toEqual([])
    },
  )

  test('a store that fails ends the reading of the source', async () => {
    const { server, store } = await start()
    let left = false
    async function* body() {
      try {
        yield* cut(LARGE, 100_000)
      } finally {
        left = true
      }
    }
    server.faults.next('UploadPart', { kind: 'status', status: 403 })
    await expect(store.put('a', body(), ROOMY)).rejects.toMatchObject({ name: 'AccessDenied' })
    expect(left).toBe(true)
  })

  test('a failed put waits for its undoing no longer than it may', async () => {
    const { server, store } = await start({ timeouts: { cleanupMs: 50 } })
    server.faults.next('UploadPart', { kind: 'status', status: 403 })
    server.faults.next('AbortMultipartUpload', { kind: 'stall' }, 1000)
    await expect(store.put('a', cut(LARGE, 100_000), ROOMY)).rejects.toMatchObject({
      $metadata: { httpStatusCode: 403 },
    })
    expect(server.uploads()).toHaveLength(1)
  })

  test('a store that falls silent in the middle of an answer ends the stream', async () => {
    const { server, store } = await start({ timeouts: { idleMs: SHORT } })
    await store.put('a', once(LARGE.subarray(0, MiB)), ROOMY)
    server.faults.next('GetObject', { kind: 'stall', midBody: true })
    await expect(read(store, 'a')).rejects.toMatchObject({ name: 'TimeoutError' })
  })

  test('an answer that is cut short is an error, not a short object', async () => {
    const { server, store } = await start()
    await store.put('a', once(LARGE.subarray(0, MiB)), ROOMY)
    server.faults.next('GetObject', { kind: 'truncate' })
    await expect(read(store, 'a')).rejects.toThrow()
  })

  test('a check ends with its signal though the store is silent', async () => {
    const { server, store } = await start()
    server.faults.next('HeadBucket', { kind: 'stall' }, 1000)
    await expect(store.check(AbortSignal.timeout(50))).rejects.toMatchObject({ name: 'TimeoutError' })
  })

  test.each<Operation>(['PutObject', 'UploadPart', 'ListParts', 'CompleteMultipartUpload', 'HeadObject'])(
    'aborting while the store does not take %s ends the put and leaves nothing',
    async (operation) => {
      const { server, store } = await start()
      const abort = new AbortController()
      const reason = new Error('The client has gone.')
      const body = bodyFor(operation)
      const until = new Promise(() => {})
      server.faults.next(operation, { kind: 'hold', until, begun: () => abort.abort(reason) })
      await expect(store.put('a', cut(body, 100_000), { ...ROOMY, signal: abort.signal })).rejects.toBe(reason)
      expect(server.uploads()).toEqual([])
      expect(server.versionsOf('a')).toBe(0)
    },
  )

  test('aborting waits for the id of an upload that is being made, to abort that too', async () => {
    const { server, store } = await start()
    const abort = new AbortController()
    const gate = Promise.withResolvers<void>()
    const begun = Promise.withResolvers<void>()
    server.faults.next('CreateMultipartUpload', { kind: 'hold', until: gate.promise, begun: begun.resolve })
    const putting = store.put('a', once(LARGE), { ...ROOMY, signal: abort.signal })
    await begun.promise
    abort.abort()
    gate.resolve()
    await expect(putting).rejects.toMatchObject({ name: 'AbortError' })
    expect(server.requests.map(({ operation }) => operation)).toContain('AbortMultipartUpload')
    expect(server.uploads()).toEqual([])
  })

  test('and waits no longer than for any undoing', async () => {
    const { server, store } = await start({ timeouts: { cleanupMs: 50 } })
    const reason = new Error('The client has gone.')
    const abort = new AbortController()
    const until = new Promise(() => {})
    server.faults.next('CreateMultipartUpload', { kind: 'hold', until, begun: () => abort.abort(reason) })
    await expect(store.put('a', once(LARGE), { ...ROOMY, signal: abort.signal })).rejects.toBe(reason)
  })
})

describe('a store that keeps something else than it was sent', () => {
  test.each<[Operation, 'wrong-etag' | 'truncate']>([
    ['PutObject', 'wrong-etag'],
    ['PutObject', 'truncate'],
    ['UploadPart', 'wrong-etag'],
    ['UploadPart', 'truncate'],
    ['CompleteMultipartUpload', 'wrong-etag'],
  ])('%s with %s is noticed and undone', async (operation, kind) => {
    const { server, store } = await start()
    const body = bodyFor(operation)
    await store.put('a', once(Buffer.from('старе')), ROOMY)
    server.faults.next(operation, { kind })
    await expect(store.put('a', cut(body, 100_000), ROOMY)).rejects.toThrow(/^The store holds /)
    expect(server.faults.pending()).toBe(0)
    expect(server.uploads()).toEqual([])
    expect(server.versionsOf('a')).toBe(1)
    expect((await read(store, 'a')).toString()).toBe('старе')
  })

  test('all that the attempts of a failed put have stored is removed', async () => {
    const { server, store } = await start()
    server.faults.next('PutObject', { kind: 'reset', when: 'after' }, 2)
    server.faults.next('PutObject', { kind: 'status', status: 403 })
    await expect(store.put('a', once(Buffer.from('двічі')), ROOMY)).rejects.toMatchObject({ name: 'AccessDenied' })
    expect(server.versionsOf('a')).toBe(0)
  })

  test('a put whose object was replaced a moment later has not failed, and does not remove its successor', async () => {
    const { server, store } = await start({}, { versioned: false })
    const gate = Promise.withResolvers<void>()
    const begun = Promise.withResolvers<void>()
    server.faults.next('HeadObject', { kind: 'hold', until: gate.promise, begun: begun.resolve })
    const first = store.put('a', once(Buffer.from('перше')), ROOMY)
    await begun.promise
    await store.put('a', once(Buffer.from('друге, довше')), ROOMY)
    gate.resolve()
    expect((await first).size).toBe(10)
    expect((await read(store, 'a')).toString()).toBe('друге, довше')
  })
})
