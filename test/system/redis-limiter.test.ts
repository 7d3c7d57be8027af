import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { createClient } from 'redis'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { createRedisLimiter } from '#platform/limits/redis-log.ts'
import { type RedisServer, startRedisServer } from './redis-server.ts'

let redis: RedisServer
let prefix = 0

beforeAll(async () => {
  redis = await startRedisServer()
})
afterAll(async () => {
  await redis?.stop()
})

/** A limiter that is connected, as one process has it. */
async function limiterAt(url: string, options: { windowMs?: number; deadlineMs?: number; prefix?: string } = {}) {
  prefix += 1
  const limiter = createRedisLimiter({
    url,
    windowMs: 60_000,
    deadlineMs: 5_000,
    prefix: `test${prefix}:`,
    patienceMs: 300,
    ...options,
  })
  onTestFinished(() => limiter.close())
  await limiter.check(AbortSignal.timeout(10_000))
  return limiter
}

async function clientOf(url: string) {
  const client = await createClient({ url }).connect()
  onTestFinished(() => client.destroy())
  return client
}

test('three processes count together in turn', async () => {
  const limiters = await Promise.all([1, 2, 3].map(() => limiterAt(redis.url, { prefix: 'in-turn:' })))
  const left: number[] = []
  for (const limiter of limiters) left.push((await limiter.take('k', 3)).left)
  expect(left).toEqual([2, 1, 0])
  expect((await limiters[0]?.take('k', 3))?.accepted).toBe(false)
})

test('three processes at once accept the limit together, and what is refused is not counted', async () => {
  const limiters = await Promise.all([1, 2, 3].map(() => limiterAt(redis.url, { prefix: 'shared:' })))
  const takes = limiters.flatMap((limiter) => Array.from({ length: 100 }, () => limiter.take('орендар:prep', 60)))
  const verdicts = await Promise.all(takes)
  const accepted = verdicts.filter((verdict) => verdict.accepted)
  expect(accepted.map((verdict) => verdict.left).sort((a, b) => a - b)).toEqual(
    Array.from({ length: 60 }, (_, left) => left),
  )
  expect(verdicts.find((verdict) => !verdict.accepted)).toMatchObject({ limit: 60, left: 0 })
  const client = await clientOf(redis.url)
  expect(await client.zCard('shared:орендар:prep')).toBe(60)
  const ttl = await client.pTTL('shared:орендар:prep')
  expect(ttl).toBeGreaterThan(0)
  expect(ttl).toBeLessThanOrEqual(61_000)
  expect(await limiters[0]?.take('орендар:prep', 61)).toMatchObject({ accepted: true, limit: 61, left: 0 })
})

test('waiting as long as it says is enough', async () => {
  const limiter = await limiterAt(redis.url, { windowMs: 700 })
  expect(await limiter.take('k', 1)).toEqual({
    accepted: true,
    limit: 1,
    left: 0,
    resetSeconds: 1,
    retryAfterSeconds: 0,
  })
  let refused = await limiter.take('k', 1)
  while (refused.accepted) refused = await limiter.take('k', 1)
  expect(refused.retryAfterSeconds).toBe(1)
  await sleep(refused.retryAfterSeconds * 1000)
  expect((await limiter.take('k', 1)).accepted).toBe(true)
})

test('comes back by itself after Redis was restarted, and what failed meanwhile is not counted', async () => {
  const limiter = await limiterAt(redis.url, { deadlineMs: 1_000 })
  await redis.stop()
  await expect(limiter.take('k', 1)).rejects.toThrow('The shared request log cannot be reached.')
  await redis.start()
  await limiter.check(AbortSignal.timeout(10_000))
  expect((await limiter.take('k', 1)).accepted).toBe(true)
})

test('a Redis that stands still costs a request its deadline, and keeps its connection when it goes on', async () => {
  const proxy = await startProxy(redis.port)
  const limiter = await limiterAt(proxy.url, { deadlineMs: 200 })
  onTestFinished(() => redis.thaw())
  const standStill = async () => {
    redis.freeze()
    await expect(limiter.take('k', 1)).rejects.toThrow('The shared request log cannot be reached.')
    redis.thaw()
    await limiter.check(AbortSignal.timeout(10_000))
  }
  await standStill()
  const connections = proxy.connections()
  await sleep(400) // longer than the limiter's patience: the failure of before must not count towards it
  await standStill()
  expect(proxy.connections()).toBe(connections)
})

test('replaces a connection that has gone silent', async () => {
  const proxy = await startProxy(redis.port)
  const limiter = await limiterAt(proxy.url, { deadlineMs: 100 })
  proxy.silenceAll()
  await expect(limiter.take('k', 1)).rejects.toThrow('The shared request log cannot be reached.')
  await limiter.check(AbortSignal.timeout(10_000))
})

/** Forwards to `port`; the connections of the moment can be made to carry nothing any more without being closed. */
async function startProxy(port: number) {
  const pairs = new Set<[Socket, Socket]>()
  const server = createServer((near) => {
    const far = connect(port, '127.0.0.1')
    for (const socket of [near, far]) socket.on('error', () => undefined)
    near.pipe(far).pipe(near)
    pairs.add([near, far])
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(async () => {
    for (const socket of [...pairs].flat()) socket.destroy()
    await new Promise((resolve) => server.close(resolve))
  })
  const silenceAll = () => {
    for (const [near, far] of pairs) {
      near.unpipe(far)
      far.unpipe(near)
    }
  }
  return {
    url: `redis://127.0.0.1:${(server.address() as AddressInfo).port}`,
    connections: () => pairs.size,
    silenceAll,
  }
}
