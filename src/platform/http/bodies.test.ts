import { once } from 'node:events'
import type { Socket } from 'node:net'
import type { FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { Failure } from '#kernel/failure.ts'
import { startBareServer } from '#test/bare-server.ts'
import { head, openWire, type Wire } from '#test/wire.ts'
import { watchBody } from './body-watch.ts'

const MIB = 1024 * 1024
const LENGTH = 50 * MIB

type Server = Awaited<ReturnType<typeof startBareServer>>

let server: Server
let hasty: Server
let patient: Server
const uploads: { failed: boolean }[] = []
const refused: Socket[] = []

beforeAll(async () => {
  const addRoutes = (api: Server['api']) => {
    const schema = { response: { 200: Type.Object({ bytes: Type.Integer() }) } }
    const config = { access: 'prep' as const }
    const refuse = async ({ raw }: FastifyRequest) => {
      refused.push(raw.socket)
      throw new Failure('forbidden', 'auth.scope_missing', 'No.')
    }
    api.post('/refused', { schema, config, onRequest: refuse }, async () => ({ bytes: 0 }))
    api.post('/json', { schema: { ...schema, body: Type.Unknown() }, config }, async () => ({ bytes: 1 }))
    api.register(async (scope) => {
      scope.addContentTypeParser('*', (_request, _payload, done) => done(null))
      scope.post('/stream', { schema, config: { ...config, streams: true } }, async ({ raw }) => {
        let bytes = 0
        const upload = { failed: false }
        uploads.push(upload)
        raw.once('error', () => {
          upload.failed = true
        })
        for await (const chunk of raw) bytes += (chunk as Buffer).length
        return { bytes }
      })
    })
  }
  server = await startBareServer(addRoutes, { deadlines: { linger: 300 } })
  hasty = await startBareServer(addRoutes, { deadlines: { body: 150, idle: 400 } })
  patient = await startBareServer(addRoutes, { deadlines: { linger: 20_000 } })
})
afterAll(() => Promise.all([server.close(), hasty.close(), patient.close()]))

/** Writes as fast as the other side takes it, until the body or the connection is over. */
async function pour({ socket }: Wire, bytes: number): Promise<number> {
  const chunk = Buffer.alloc(64 * 1024)
  const closed = once(socket, 'close')
  for (let sent = 0; ; sent += chunk.length) {
    if (sent >= bytes || socket.destroyed) return sent
    if (!socket.write(chunk)) await Promise.race([once(socket, 'drain'), closed]).catch(() => undefined)
  }
}

const upload = (path: string, headers: Record<string, string | number> = {}) =>
  head('POST', path, { 'content-type': 'application/octet-stream', 'content-length': LENGTH, ...headers })

test.each([
  ['a route', '/refused', 403],
  ['an unknown address', '/nowhere', 404],
  ['a wrong type', '/json', 415],
])(
  'the refusal of %s reaches a client that goes on writing 50 MB, and the connection is cut',
  async (_what, path, status) => {
    const wire = await openWire(server.url, { stubborn: true })
    wire.send(upload(path))
    const pouring = pour(wire, LENGTH)
    const answer = await wire.answer()
    expect(answer.status).toBe(status)
    expect(answer.headers['connection']).toBe('close')
    await wire.ended()
    expect(await pouring).toBeLessThan(LENGTH)
  },
)

test('of a refused body a megabyte is read, no more', async () => {
  const wire = await openWire(server.url, { stubborn: true })
  wire.send(upload('/refused'))
  await Promise.all([wire.ended(), pour(wire, LENGTH)])
  expect(refused.at(-1)?.bytesRead).toBeGreaterThan(MIB)
  expect(refused.at(-1)?.bytesRead).toBeLessThan(2 * MIB)
})

test('a refused client may finish its sentence: the connection is closed, not reset', async () => {
  const wire = await openWire(patient.url, { stubborn: true })
  const errors: Error[] = []
  wire.socket.on('error', (error) => errors.push(error))
  wire.send(upload('/refused', { 'content-length': MIB / 2 }))
  const isClosed = once(wire.socket, 'end')
  await wire.answer()
  await isClosed
  expect(await pour(wire, MIB / 2)).toBe(MIB / 2)
  // A reset would be noticed by the write after the one that met it.
  await vi.waitFor(() => expect(refused.at(-1)?.bytesRead).toBeGreaterThan(MIB / 2))
  expect(errors).toEqual([])
  wire.socket.destroy()
})

test.each(['/refused', '/nowhere'])('the refusal of %s waits for no byte of the body', async (path) => {
  const wire = await openWire(server.url)
  wire.send(upload(path))
  expect((await wire.answer()).headers['connection']).toBe('close')
  await wire.ended()
})

test('a JSON body over the limit is refused by its length, or when it gets too long', async () => {
  const json = { 'content-type': 'application/json' }
  const declared = await openWire(server.url)
  declared.send(upload('/json', json))
  expect((await declared.answer()).status).toBe(413)
  await declared.ended()
  const chunked = await openWire(server.url)
  chunked.send(head('POST', '/json', { ...json, 'transfer-encoding': 'chunked' }))
  for (let sent = 0; sent < 3; sent++) chunked.send(`${MIB.toString(16)}\r\n${' '.repeat(MIB)}\r\n`)
  expect((await chunked.answer()).status).toBe(413)
  await chunked.ended()
})

test.each(['/json', '/stream'])(
  'a JSON body for %s that does not come is waited for until the deadline',
  async (path) => {
    const wire = await openWire(hasty.url)
    wire.send(`${head('POST', path, { 'content-type': 'application/json', 'content-length': 10 })}{"a"`)
    const answer = await wire.answer()
    expect(answer.status).toBe(408)
    expect(JSON.parse(answer.body).code).toBe('request.timeout')
    await wire.ended()
  },
)

test('an upload that stands still ends', async () => {
  const wire = await openWire(hasty.url)
  wire.send(`${upload('/stream')}some`)
  await wire.ended()
  await vi.waitFor(() => expect(uploads.at(-1)).toEqual({ failed: true }))
})

test('broken bytes within a body are answered under the id of their request', async () => {
  const wire = await openWire(server.url)
  wire.send(`${head('POST', '/stream', { 'x-request-id': 'mine-1', 'transfer-encoding': 'chunked' })}zz\r\n`)
  const answer = await wire.answer()
  expect([answer.status, answer.headers['x-request-id']]).toEqual([400, 'mine-1'])
  await wire.ended()
  const lines = () => server.logged.filter((line) => line.includes('"mine-1"') && line.includes('"msg":"request"'))
  await vi.waitFor(() => expect(lines()).toHaveLength(1))
})

test('a client that vanishes ends its upload and leaves one line in the log', async () => {
  const before = server.logged.length
  const wire = await openWire(server.url)
  wire.send(`${upload('/stream')}some`)
  await vi.waitFor(() => expect(uploads.at(-1)).toEqual({ failed: false }))
  wire.socket.destroy()
  await vi.waitFor(() => expect(uploads.at(-1)).toEqual({ failed: true }))
  const requests = () =>
    server.logged
      .slice(before)
      .map((line) => JSON.parse(line))
      .filter(({ msg }) => msg === 'request')
  await vi.waitFor(() => expect(requests()).toHaveLength(1))
  expect(requests()[0]).toMatchObject({ route: '/stream', aborted: true, key_prefix: 'cs_live_0123' })
})

test.each([
  ['told to go on when its body is wanted', '/stream', 200, true],
  ['spared its body when it is refused', '/refused', 403, false],
  ['spared its body when it is too long', '/json', 413, false],
])('a client that asks first is %s', async (_what, path, status, isTold) => {
  const type = path === '/json' ? 'application/json' : 'application/octet-stream'
  const wire = await openWire(server.url)
  wire.send(upload(path, { expect: '100-continue', 'content-type': type, 'content-length': isTold ? 4 : LENGTH }))
  if (isTold) {
    await once(wire.socket, 'data')
    wire.send('її')
  }
  const { status: answered, text } = await wire.answer()
  expect(answered).toBe(status)
  expect(text.includes('100 Continue')).toBe(isTold)
  wire.socket.destroy()
})

test('a streamed body that only trickles is ended, long before it would count as silent', async () => {
  const schema = { response: { 200: Type.Object({ bytes: Type.Integer() }) } }
  const interrupted = () => new Failure('malformed', 'cut', 'Cut.')
  // No client is as fast as that.
  const slowest = { bytesPerSecond: Number.MAX_SAFE_INTEGER, windowMs: 40 }
  const strict = await startBareServer((api) => {
    api.register(async (scope) => {
      scope.addContentTypeParser('*', (_request, _payload, done) => done(null))
      scope.post('/stream', { schema, config: { access: 'prep', streams: true } }, async ({ raw }) => {
        raw.resume()
        const { until } = watchBody(raw, { stallMs: 3_600_000, slowest, interrupted })
        return until(new Promise<never>(() => undefined))
      })
    })
  })
  const wire = await openWire(strict.url)
  wire.send(head('POST', '/stream', { 'content-length': LENGTH, 'content-type': 'video/mp4' }))
  wire.send('x')
  expect((await wire.answer()).status).toBe(408)
  wire.socket.destroy()
  await strict.close()
})

test('a client that went away before its body was watched is missed at once', async () => {
  const { promise: told, resolve } = Promise.withResolvers<unknown>()
  const late = await startBareServer((api) => {
    api.register(async (scope) => {
      scope.addContentTypeParser('*', (_request, _payload, done) => done(null))
      const schema = { response: { 200: Type.Object({ bytes: Type.Integer() }) } }
      scope.post('/stream', { schema, config: { access: 'prep', streams: true } }, async ({ raw }) => {
        wire.socket.destroy()
        await once(raw, 'close').catch(() => undefined)
        const interrupted = () => new Failure('malformed', 'cut', 'Cut.')
        resolve(watchBody(raw, { stallMs: 3_600_000, interrupted }).signal.reason)
        return { bytes: 0 }
      })
    })
  })
  const wire = await openWire(late.url)
  wire.send(head('POST', '/stream', { 'content-length': LENGTH, 'content-type': 'video/mp4' }))
  expect(await told).toMatchObject({ code: 'cut' })
  await late.close()
})
