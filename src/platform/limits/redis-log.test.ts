import { type AddressInfo, createServer, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, onTestFinished, test } from 'vitest'
import { createRedisLimiter, LimiterUnavailable } from './redis-log.ts'

/** A peer that takes connections and never says a word. */
async function listenMute() {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => undefined)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const stop = async () => {
    for (const socket of sockets) socket.destroy()
    await new Promise((resolve) => server.close(resolve))
  }
  return { port: (server.address() as AddressInfo).port, connections: () => sockets.size, stop }
}

function limiterAt(port: number) {
  const errors: unknown[] = []
  const limiter = createRedisLimiter({
    url: `redis://127.0.0.1:${port}`,
    windowMs: 60_000,
    deadlineMs: 50,
    prefix: 'test:',
    patienceMs: 0,
    onError: (error) => errors.push(error),
  })
  onTestFinished(() => limiter.close())
  return { limiter, errors }
}

test('without a Redis it fails and says so, to the request and at the boot', async () => {
  const peer = await listenMute()
  await peer.stop()
  const { limiter, errors } = limiterAt(peer.port)
  await expect(limiter.take('ключ', 5)).rejects.toBeInstanceOf(LimiterUnavailable)
  await expect(limiter.check(AbortSignal.timeout(200))).rejects.toBeInstanceOf(LimiterUnavailable)
  await expect.poll(() => errors[0], { timeout: 10_000 }).toMatchObject({ code: 'ECONNREFUSED' })
})

test('a Redis that says nothing does not hang the boot, a request or the end', async () => {
  const peer = await listenMute()
  onTestFinished(peer.stop)
  const { limiter } = limiterAt(peer.port)
  await expect(limiter.check(AbortSignal.timeout(200))).rejects.toBeInstanceOf(LimiterUnavailable)
  await expect(limiter.take('ключ', 5)).rejects.toBeInstanceOf(LimiterUnavailable)
  await limiter.close()
})

test('does not connect any more when it is closed', async () => {
  const peer = await listenMute()
  onTestFinished(peer.stop)
  const { limiter } = limiterAt(peer.port)
  await expect.poll(() => peer.connections(), { timeout: 10_000 }).toBe(1)
  await limiter.close()
  await expect(limiter.take('ключ', 5)).rejects.toBeInstanceOf(LimiterUnavailable)
  await sleep(50)
  expect(peer.connections()).toBe(1)
})

test('a limit that is none is a mistake of ours and not of Redis', async () => {
  const peer = await listenMute()
  onTestFinished(peer.stop)
  await expect(limiterAt(peer.port).limiter.take('ключ', 0)).rejects.toBeInstanceOf(RangeError)
})
