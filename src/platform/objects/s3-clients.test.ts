import { PassThrough, Readable } from 'node:stream'
import { afterEach, describe, expect, test } from 'vitest'
import { cut } from '#test/contract/bodies.ts'
import { type StoreOnFake, startS3Store } from '#test/fakes/s3/store.ts'
import { partBuffers } from './part-buffers.ts'

const MiB = 1024 * 1024
const ROOMY = { maxBytes: 100 * MiB }

const running: StoreOnFake[] = []

afterEach(async () => {
  for (const { close } of running.splice(0)) await close()
})

async function start(): Promise<StoreOnFake> {
  const started = await startS3Store({ timeouts: { backoffMs: 1 } })
  running.push(started)
  return started
}

function expectNothing({ server }: StoreOnFake): void {
  expect(server.objects().size).toBe(0)
  expect(server.versionsOf('a')).toBe(0)
  expect(server.uploads()).toEqual([])
  expect(partBuffers.inUse()).toBe(0)
}

describe('a client that dies', () => {
  const size = 17 * MiB
  const bytes = Buffer.alloc(size, 'Лекція. ')

  test.each([
    ['before its first byte', 0],
    ['half way', size / 2],
    ['before its last byte', size - 1],
  ])('%s leaves nothing', async (_, place) => {
    for (const dying of ['aborts', 'breaks', 'is closed']) {
      const started = await start()
      const abort = new AbortController()
      const body = new PassThrough({ highWaterMark: size })
      const reason = new Error('The client has gone.')
      body.write(bytes.subarray(0, place))
      const putting = started.store.put('a', body, { ...ROOMY, signal: abort.signal })
      const failing = expect(putting).rejects.toThrow(/has gone|before its end/)
      await expect.poll(() => body.readableLength).toBe(0)
      if (dying === 'aborts') abort.abort(reason)
      else body.destroy(dying === 'breaks' ? reason : undefined)
      await failing
      expectNothing(started)
    }
  })

  test('leaves nothing while a part is on its way either, and the buffers are back at once', async () => {
    const started = await start()
    const abort = new AbortController()
    const begun = Promise.withResolvers<void>()
    const gate = Promise.withResolvers<void>()
    started.server.faults.next('UploadPart', { kind: 'hold', until: gate.promise, begun: begun.resolve })
    started.server.faults.next('AbortMultipartUpload', { kind: 'hold', until: gate.promise })
    const putting = started.store.put('a', Readable.from(cut(bytes, 100_000)), { ...ROOMY, signal: abort.signal })
    const failing = expect(putting).rejects.toThrow('gone')
    await begun.promise
    abort.abort(new Error('gone'))
    await expect.poll(() => partBuffers.inUse()).toBe(0)
    gate.resolve()
    await failing
    expectNothing(started)
  })
})
