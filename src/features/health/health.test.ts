import { once } from 'node:events'
import { createServer, type Server, type Socket } from 'node:net'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { createDatabase, type Database } from '#platform/db/database.ts'
import { startBareServer } from '#test/bare-server.ts'
import { cloneDatabase, type TestDatabase } from '#test/database.ts'
import { healthFeature } from './index.ts'
import { createHealth, type Probe } from './probes.ts'

const OK: Probe = async () => undefined
const HANGS: Probe = () => new Promise(() => undefined)
const FAILS: Probe = () => Promise.reject(new Error('password=секрет at db.internal:5432'))

describe('the probes', () => {
  beforeEach(() => vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] }))
  afterEach(() => vi.useRealTimers())

  function world(db: Probe, objects: Probe) {
    const failures: string[] = []
    const count = vi.fn<Probe>()
    const counted = (probe: Probe) => (signal: AbortSignal) => {
      count(signal)
      return probe(signal)
    }
    const onFailure = (part: string, error: unknown) =>
      failures.push(`${part}: ${error instanceof Error ? error.message : ''}`)
    const health = createHealth({ db: counted(db), objects: counted(objects), now: () => performance.now(), onFailure })
    return { health, failures, count }
  }

  test.each([
    ['all is well', OK, OK, { status: 'ok', db: 'ok', s3: 'ok' }],
    ['the database fails', FAILS, OK, { status: 'degraded', db: 'error', s3: 'ok' }],
    ['the storage fails', OK, FAILS, { status: 'degraded', db: 'ok', s3: 'error' }],
    ['the database hangs', HANGS, OK, { status: 'degraded', db: 'error', s3: 'ok' }],
    ['everything hangs', HANGS, HANGS, { status: 'degraded', db: 'error', s3: 'error' }],
    [
      'a probe throws at once',
      () => {
        throw new Error('no')
      },
      OK,
      { status: 'degraded', db: 'error', s3: 'ok' },
    ],
  ])('when %s, tell so within two seconds', async (_what, db, objects, expected) => {
    const { health } = world(db, objects)
    const seen = vi.fn()
    void health.check().then(seen)
    await vi.advanceTimersByTimeAsync(1_999)
    expect(seen).toHaveBeenCalledWith(expected)
  })

  test('are one for all who ask, however many, until the answer is three seconds old', async () => {
    const { health, count } = world(HANGS, OK)
    const asked = Array.from({ length: 50 }, () => health.check())
    await vi.advanceTimersByTimeAsync(1_500)
    expect(new Set(await Promise.all(asked)).size).toBe(1)
    await vi.advanceTimersByTimeAsync(2_999)
    await health.check()
    expect(count).toHaveBeenCalledTimes(2)
    await vi.advanceTimersByTimeAsync(1)
    void health.check()
    expect(count).toHaveBeenCalledTimes(4)
  })

  test('are told to give up when their time is over, and the operator is told why', async () => {
    const { health, count, failures } = world(HANGS, FAILS)
    void health.check()
    await vi.advanceTimersByTimeAsync(1_500)
    expect(count.mock.calls.map(([signal]) => signal.aborted)).toEqual([true, true])
    expect(failures.sort()).toEqual(['db: no answer within 1500 ms', 's3: password=секрет at db.internal:5432'])
  })
})

describe('the routes', () => {
  let home: TestDatabase
  let blackHole: Server
  const swallowed: Socket[] = []
  const hung: Database[] = []

  beforeAll(async () => {
    home = await cloneDatabase()
    blackHole = createServer((socket) => swallowed.push(socket)).listen(0, '127.0.0.1')
    await once(blackHole, 'listening')
  })
  afterAll(async () => {
    for (const socket of swallowed) socket.destroy()
    blackHole.close()
    await Promise.all(hung.map((db) => db.close()))
    await home.drop()
  })

  async function serve(probes: { db?: Probe; objects?: Probe; isStopping?: () => boolean }) {
    const { db = OK, objects = OK, isStopping = () => false } = probes
    const server = await startBareServer((api) => {
      healthFeature({ db, objects, isStopping, now: () => performance.now(), onFailure: () => undefined }).routes(api)
    })
    const ask = async (path: string) => {
      const response = await fetch(server.url + path)
      return [response.status, await response.json()]
    }
    return { ask, close: server.close }
  }

  const open = (url: string) => {
    const db = createDatabase({ url, poolSize: 1 })
    hung.push(db)
    return db
  }
  const probeOf = (db: Database) => () => db.statement('probe', 'SELECT 1', [])

  test('say that all is well', async () => {
    const { ask, close } = await serve({ db: probeOf(open(home.urls.app)) })
    expect(await ask('/health')).toEqual([200, { status: 'ok', db: 'ok', s3: 'ok' }])
    expect(await ask('/health/live')).toEqual([200, { status: 'ok' }])
    expect(await ask('/health/ready')).toEqual([200, { status: 'ok' }])
    await close()
  })

  test('answer while the database hangs, and tell nothing of it', async () => {
    const { port } = blackHole.address() as { port: number }
    const { ask, close } = await serve({ db: probeOf(open(`postgres://app:secret@127.0.0.1:${port}/x`)) })
    expect(await ask('/health')).toEqual([503, { status: 'degraded', db: 'error', s3: 'ok' }])
    expect(await ask('/health/live')).toEqual([200, { status: 'ok' }])
    expect(await ask('/health/ready')).toEqual([503, { status: 'degraded' }])
    await close()
  })

  test('do not wait behind transactions', async () => {
    const db = open(home.urls.app)
    const held = await db.pool.connect()
    const { ask, close } = await serve({ db: probeOf(db) })
    expect(await ask('/health')).toEqual([200, { status: 'ok', db: 'ok', s3: 'ok' }])
    held.release()
    await close()
  })

  test('a broken storage keeps no traffic away, a stop does, and neither kills the process', async () => {
    const broken = await serve({ objects: FAILS })
    expect(await broken.ask('/health')).toEqual([503, { status: 'degraded', db: 'ok', s3: 'error' }])
    expect(await broken.ask('/health/ready')).toEqual([200, { status: 'ok' }])
    await broken.close()
    const stopping = await serve({ isStopping: () => true })
    expect(await stopping.ask('/health/ready')).toEqual([503, { status: 'stopping' }])
    expect(await stopping.ask('/health/live')).toEqual([200, { status: 'ok' }])
    await stopping.close()
  })
})
