import { afterAll, beforeAll, expect, test } from 'vitest'
import { openProxy } from './fixtures/proxy.ts'
import { openWorld, type World } from './fixtures/world.ts'
import { queueStatus } from './index.ts'
import { silentLog } from './log.ts'
import { holdWorkerLock } from './worker-lock.ts'

let world: World

beforeAll(async () => {
  world = await openWorld()
})
afterAll(() => world.close())

const live = async () => (await world.db.asOperator('test', queueStatus)).liveWorkers

test('every worker has a number of its own, which lives until it is closed', async () => {
  const options = { db: world.db, queueUrl: world.urls.queue, log: silentLog, onRegained: () => undefined }
  const locks = await Promise.all([1, 2, 3].map(() => holdWorkerLock(options)))
  expect(new Set(locks.map((lock) => lock.lease()?.workerId)).size).toBe(3)
  expect(await live()).toBe(3)
  await Promise.all(locks.map((lock) => lock.close()))
  await expect.poll(live).toBe(0)
})

test('a connection that no longer answers loses the lease, and closing does not wait for it', async () => {
  const proxy = await openProxy(world.urls.queue)
  const options = { db: world.db, queueUrl: proxy.url, log: silentLog, onRegained: () => undefined }
  const lock = await holdWorkerLock(options)
  const lease = lock.lease()
  await lock.check()
  expect(lease?.lost.aborted).toBe(false)
  proxy.freeze()
  await lock.check()
  expect(lease?.lost.aborted).toBe(true)
  expect(lock.lease()).toBeUndefined()
  await lock.close()
  await proxy.close()
})
