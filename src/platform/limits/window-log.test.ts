import { expect, test, vi } from 'vitest'
import { createWindowLimiter } from './window-log.ts'

const WINDOW = 60_000

/** A limiter on a clock that the test moves, without a sweeper of its own. */
function setUp(options: Partial<Parameters<typeof createWindowLimiter>[0]> = {}) {
  const clock = { now: 1_000 }
  const limiter = createWindowLimiter({
    windowMs: WINDOW,
    now: () => clock.now,
    maxKeys: 100,
    maxPerKey: 1_000,
    every: () => () => undefined,
    ...options,
  })
  return { clock, limiter }
}

test('one accepted at t still counts at t + 60 s, and no longer 1 ms after that', () => {
  const { clock, limiter } = setUp()
  const first = limiter.take('k', 1)
  expect(first).toEqual({ accepted: true, limit: 1, left: 0, resetSeconds: 60, retryAfterSeconds: 0 })
  clock.now += 60_000
  expect(limiter.take('k', 1)).toEqual({ accepted: false, limit: 1, left: 0, resetSeconds: 0, retryAfterSeconds: 1 })
  clock.now += 1
  expect(limiter.take('k', 1).accepted).toBe(true)
})

test('fractions of a millisecond never make a window shorter', () => {
  const { clock, limiter } = setUp()
  clock.now = 1_000.9
  limiter.take('k', 1)
  clock.now = 61_000.9
  expect(limiter.take('k', 1).accepted).toBe(false)
  clock.now = 61_001.9
  expect(limiter.take('k', 1).accepted).toBe(true)
})

test('a limit beyond what a key may hold is applied, and reported, as that', () => {
  const { limiter } = setUp({ maxPerKey: 2 })
  expect(limiter.take('k', 500)).toMatchObject({ accepted: true, limit: 2, left: 1 })
  limiter.take('k', 500)
  expect(limiter.take('k', 500)).toMatchObject({ accepted: false, limit: 2 })
})

test.each([0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY])('refuses to work with a limit of %d', (limit) => {
  expect(() => setUp().limiter.take('k', limit)).toThrow(RangeError)
})

test('forgets a key when nothing of it is counted any more', () => {
  const { clock, limiter } = setUp()
  limiter.take('early', 5)
  clock.now += 1
  limiter.take('late', 5)
  clock.now += WINDOW
  limiter.sweep()
  expect(limiter.size()).toBe(1)
  clock.now += 1
  limiter.sweep()
  expect(limiter.size()).toBe(0)
})

test('a full log refuses a new key and keeps the others, or forgets the one accepted least recently', () => {
  const strict = setUp({ maxKeys: 2 })
  const lenient = setUp({ maxKeys: 2, overflow: 'evict-oldest' })
  for (const { clock, limiter } of [strict, lenient]) {
    for (const key of ['a', 'b', 'a']) {
      limiter.take(key, 2)
      clock.now += 1_000
    }
  }
  expect(strict.limiter.take('c', 2)).toMatchObject({ accepted: false, left: 0, retryAfterSeconds: 59 })
  expect(lenient.limiter.take('c', 2).accepted).toBe(true)
  expect(lenient.limiter.size()).toBe(2)
  expect(lenient.limiter.take('a', 2).accepted).toBe(false)
  expect(lenient.limiter.take('b', 2).left).toBe(1)
})

test('sweeps once a window until it is closed', () => {
  let run = () => {}
  const stop = vi.fn()
  const every = vi.fn((_ms: number, task: () => void) => {
    run = task
    return stop
  })
  const { clock, limiter } = setUp({ every })
  expect(every).toHaveBeenCalledWith(WINDOW, expect.any(Function))
  limiter.take('k', 1)
  clock.now += WINDOW + 1
  run()
  expect(limiter.size()).toBe(0)
  limiter.close()
  expect(stop).toHaveBeenCalledOnce()
})

test('its own sweeper keeps no process alive', () => {
  const timers = () => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length
  const before = timers()
  const limiter = createWindowLimiter({ windowMs: WINDOW, now: () => 0, maxKeys: 1, maxPerKey: 1 })
  expect(timers()).toBe(before)
  limiter.close()
})
