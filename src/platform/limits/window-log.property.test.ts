import fc from 'fast-check'
import { expect, test } from 'vitest'
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

/** Moves of the clock: small, large, and to 1 ms around the moment at which some accepted request leaves its window. */
const move = fc.oneof(
  fc.record({ by: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 2_000 }), fc.integer({ min: 1, max: 150_000 })) }),
  fc.record({ toLeavingOf: fc.nat(50), off: fc.constantFrom(-1, 0, 1) }),
)
type Move = { by: number } | { toLeavingOf: number; off: number }

function moved(now: number, step: Move, accepted: readonly number[]): number {
  if ('by' in step) return now + step.by
  const time = accepted.at(-1 - (step.toLeavingOf % Math.max(1, accepted.length)))
  return time === undefined ? now : Math.max(now, time + WINDOW + step.off)
}

const arrivals = fc.array(
  fc.record({
    step: move,
    key: fc.constantFrom('а', 'б', 'в'),
    limit: fc.integer({ min: 1, max: 7 }),
    sweep: fc.boolean(),
  }),
  { maxLength: 120 },
)

test.each([100, 2, 1])('accepts exactly what a list of all accepted times allows, with room for %i keys', (maxKeys) => {
  fc.assert(
    fc.property(arrivals, (requests) => {
      const { clock, limiter } = setUp({ maxKeys })
      const all: { key: string; at: number }[] = []
      for (const { step, key, limit, sweep } of requests) {
        clock.now = moved(
          clock.now,
          step,
          all.map((one) => one.at),
        )
        if (sweep) limiter.sweep()
        const counted = all.filter((one) => one.at >= clock.now - WINDOW)
        const own = counted.filter((one) => one.key === key).map((one) => one.at)
        const room = own.length > 0 || new Set(counted.map((one) => one.key)).size < maxKeys

        const verdict = limiter.take(key, limit)

        expect(verdict.accepted).toBe(room && own.length < limit)
        expect(verdict.limit).toBe(limit)
        if (verdict.accepted) {
          all.push({ key, at: clock.now })
          own.push(clock.now)
        }
        expect(verdict.left).toBe(room ? Math.max(0, limit - own.length) : 0)
        if (room) expect(verdict.resetSeconds).toBe(Math.ceil(((own[0] ?? 0) + WINDOW - clock.now) / 1000))
        expect(limiter.size()).toBeLessThanOrEqual(maxKeys)
      }
    }),
    { numRuns: 300 },
  )
})

test('never accepts more than the limit in any closed window', () => {
  fc.assert(
    fc.property(fc.array(move, { maxLength: 150 }), fc.integer({ min: 1, max: 5 }), (steps, limit) => {
      const { clock, limiter } = setUp()
      const accepted: number[] = []
      for (const step of steps) {
        clock.now = moved(clock.now, step, accepted)
        if (limiter.take('k', limit).accepted) accepted.push(clock.now)
      }
      for (const start of accepted) {
        expect(accepted.filter((time) => time >= start && time <= start + WINDOW).length).toBeLessThanOrEqual(limit)
      }
    }),
  )
})

test('the seconds to wait are always enough, and one fewer never is', () => {
  fc.assert(
    fc.property(arrivals, fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), (requests, fraction) => {
      const { clock, limiter } = setUp({ maxKeys: 2 })
      clock.now += fraction
      const accepted: number[] = []
      for (const { step, key, limit } of requests) {
        clock.now = moved(clock.now, step, accepted)
        const verdict = limiter.take(key, limit)
        if (verdict.accepted) {
          expect(verdict.retryAfterSeconds).toBe(0)
          accepted.push(clock.now)
          continue
        }
        expect(verdict.retryAfterSeconds).toBeGreaterThanOrEqual(1)
        const refusedAt = clock.now
        clock.now = refusedAt + (verdict.retryAfterSeconds - 1) * 1000
        expect(limiter.take(key, limit).accepted).toBe(false)
        clock.now = refusedAt + verdict.retryAfterSeconds * 1000
        expect(limiter.take(key, limit).accepted).toBe(true)
        accepted.push(clock.now)
      }
    }),
    { numRuns: 300 },
  )
})
