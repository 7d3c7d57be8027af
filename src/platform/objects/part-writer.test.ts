import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { PassThrough } from 'node:stream'
import { afterEach, expect, test } from 'vitest'
import { cut, from } from '#test/contract/bodies.ts'
import { createPartBuffers } from './part-buffers.ts'
import { writeParts } from './part-writer.ts'

const closing: (() => Promise<unknown>)[] = []

afterEach(async () => {
  for (const close of closing.splice(0)) await close()
})

function writer({ partBytes = 100, keep = 4 } = {}) {
  const buffers = createPartBuffers({ bytes: partBytes, keep, idleMs: 1000 })
  const parts: Buffer[] = []
  const keepPart = async (bytes: Uint8Array) => void parts.push(Buffer.from(bytes))
  return { buffers, parts, options: { buffers, partBytes, maxBytes: 1e9, send: keepPart, sendRest: keepPart } }
}

test.each([
  [[], [0]],
  [[99], [99]],
  [[100], [100, 0]],
  [
    [30, 70, 1],
    [100, 1],
  ],
  [[250], [100, 100, 50]],
  [
    [0, 60, 0, 60, 90],
    [100, 100, 10],
  ],
])('chunks of %j bytes become parts of %j', async (chunks, sizes) => {
  const { buffers, parts, options } = writer()
  const hash = createHash('sha256')
  const bodies = chunks.map((size) => randomBytes(size))
  const size = chunks.reduce((sum, bytes) => sum + bytes, 0)
  expect(await writeParts(from(bodies), { ...options, hash })).toBe(size)
  expect(parts.map(({ byteLength }) => byteLength)).toEqual(sizes)
  expect(Buffer.concat(parts).equals(Buffer.concat(bodies))).toBe(true)
  expect(hash.digest('hex')).toBe(createHash('sha256').update(Buffer.concat(bodies)).digest('hex'))
  expect(buffers.inUse()).toBe(0)
})

test('alone, takes nothing more until a part is sent', async () => {
  const { parts, options } = writer()
  const gate = Promise.withResolvers<void>()
  const body = new PassThrough({ highWaterMark: 1 })
  const send = (bytes: Uint8Array) => gate.promise.then(() => void parts.push(Buffer.from(bytes)))
  const writing = writeParts(body, { ...options, send, alone: true })
  body.write(Buffer.alloc(130, 1))
  await expect.poll(() => body.isPaused()).toBe(true)
  body.end(Buffer.alloc(90, 2))
  expect(parts).toEqual([])
  gate.resolve()
  expect(await writing).toBe(220)
  expect(Buffer.concat(parts)).toEqual(Buffer.concat([Buffer.alloc(130, 1), Buffer.alloc(90, 2)]))
})

test('fills a second buffer while the first is sent, and never a third', async () => {
  const { buffers, options } = writer()
  const gate = Promise.withResolvers<void>()
  const body = new PassThrough({ highWaterMark: 1 })
  const writing = writeParts(body, { ...options, send: () => gate.promise })
  body.write(Buffer.alloc(100))
  expect(body.isPaused()).toBe(false)
  body.write(Buffer.alloc(99))
  await expect.poll(() => body.readableLength).toBe(0)
  expect(body.isPaused()).toBe(false)
  body.write(Buffer.alloc(1))
  await expect.poll(() => body.isPaused()).toBe(true)
  expect(buffers.inUse()).toBe(2)
  gate.resolve()
  body.end()
  expect(await writing).toBe(200)
  expect(buffers.inUse()).toBe(0)
})

test('a part that fails ends the reading of a silent source, and the buffers are back', async () => {
  const { buffers, options } = writer()
  const refused = new Error('refused')
  const body = new PassThrough()
  body.write(Buffer.alloc(150))
  const writing = writeParts(body, { ...options, send: () => Promise.reject(refused) })
  await expect(writing).rejects.toBe(refused)
  expect(body.destroyed).toBe(false)
  expect(buffers.inUse()).toBe(0)
})

test('buffers are only given back when the part that used them has let go', async () => {
  const { buffers, options } = writer()
  const gate = Promise.withResolvers<void>()
  const abort = new AbortController()
  const begun = Promise.withResolvers<void>()
  const send = () => {
    begun.resolve()
    return gate.promise
  }
  const writing = writeParts(from([randomBytes(150)]), { ...options, signal: abort.signal, send })
  await begun.promise
  abort.abort(new Error('gone'))
  await Promise.resolve()
  expect(buffers.inUse()).toBe(2)
  gate.resolve()
  await expect(writing).rejects.toThrow('gone')
  expect(buffers.inUse()).toBe(0)
})

test('with grace, a part that is on its way when the body breaks still arrives', async () => {
  const { buffers, parts, options } = writer()
  const broken = new Error('broken')
  async function* body() {
    yield Buffer.alloc(150)
    throw broken
  }
  const send = async (bytes: Uint8Array, signal: AbortSignal) => {
    await new Promise((resolve) => setImmediate(resolve))
    signal.throwIfAborted()
    await options.send(bytes)
  }
  await expect(writeParts(body(), { ...options, send, graceMs: 60_000 })).rejects.toBe(broken)
  expect(parts).toHaveLength(1)
  await expect(writeParts(body(), { ...options, send })).rejects.toBe(broken)
  expect(parts).toHaveLength(1)
  expect(buffers.inUse()).toBe(0)
})

test('with grace, a part that takes too long is cut', async () => {
  const { options } = writer()
  const send = (_: Uint8Array, signal: AbortSignal) =>
    new Promise<void>((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
  const body = new PassThrough()
  body.write(Buffer.alloc(150))
  const abort = new AbortController()
  setImmediate(() => abort.abort(new Error('gone')))
  await expect(writeParts(body, { ...options, send, signal: abort.signal, graceMs: 20 })).rejects.toThrow('gone')
})

test('a request is written as it comes, whatever the size of its chunks', async () => {
  const bytes = randomBytes(3_000_000)
  const { buffers, parts, options } = writer({ partBytes: 70_000 })
  const server = createServer(async (incoming: IncomingMessage, response) => {
    const size = await writeParts(incoming, options)
    response.end(String(size))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  closing.push(async () => server.close())
  for (const [chunk, headers] of [
    [65_536, { 'content-length': bytes.byteLength }],
    [1_000, { 'content-length': bytes.byteLength }],
    [777_777, {}],
  ] as const) {
    parts.length = 0
    const { port } = server.address() as AddressInfo
    const put = request({ host: '127.0.0.1', port, method: 'PUT', headers, agent: false })
    for await (const piece of cut(bytes, chunk)) put.write(piece)
    put.end()
    const [answer] = await once(put, 'response')
    expect((await answer.toArray()).join('')).toBe('3000000')
    expect(Buffer.concat(parts).equals(bytes)).toBe(true)
  }
  expect(buffers.inUse()).toBe(0)
})
