import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createGuessThrottle } from './guess-throttle.ts'

const MINUTE = 60_000
const HOUR = 3_600_000

function setUp(options: Partial<Parameters<typeof createGuessThrottle>[0]> = {}) {
  const clock = { now: 1_000 }
  const throttle = createGuessThrottle({
    now: () => clock.now,
    maxRefused: 20,
    windowMs: MINUTE,
    maxAddresses: 100,
    maxAccepted: 100,
    rememberMs: HOUR,
    ...options,
  })
  const refuse = (address: string, times: number) => {
    for (let time = 0; time < times; time += 1) throttle.refused(address)
  }
  return { clock, throttle, refuse }
}

test('after 20 refused keys in a minute an address must wait, unless its key was accepted lately', () => {
  const { clock, throttle, refuse } = setUp()
  throttle.accepted('known')
  refuse('192.0.2.7', 19)
  expect(throttle.allows('192.0.2.7', 'guess')).toEqual({ allowed: true, retryAfterSeconds: 0 })
  refuse('192.0.2.7', 1)
  expect(throttle.allows('192.0.2.7', 'guess')).toEqual({ allowed: false, retryAfterSeconds: 61 })
  expect(throttle.allows('192.0.2.7', 'known').allowed).toBe(true)
  expect(throttle.allows('192.0.2.8', 'guess').allowed).toBe(true)
  clock.now += MINUTE
  expect(throttle.allows('192.0.2.7', 'guess')).toEqual({ allowed: false, retryAfterSeconds: 1 })
  clock.now += 1
  expect(throttle.allows('192.0.2.7', 'guess').allowed).toBe(true)
})

test('a /64 is one address, and a mapped IPv4 address is that IPv4 address', () => {
  const { throttle, refuse } = setUp()
  refuse('2001:db8::1', 10)
  refuse('2001:db8::ffff:2', 10)
  expect(throttle.allows('2001:db8::3', 'guess').allowed).toBe(false)
  expect(throttle.allows('2001:db8:0:1::3', 'guess').allowed).toBe(true)
  refuse('::ffff:192.0.2.7', 20)
  expect(throttle.allows('192.0.2.7', 'guess').allowed).toBe(false)
})

test('an acceptance is remembered for an hour after the last one', () => {
  const { clock, throttle, refuse } = setUp()
  throttle.accepted('ключ')
  clock.now += HOUR / 2
  throttle.accepted('ключ')
  clock.now += HOUR
  refuse('192.0.2.7', 20)
  expect(throttle.allows('192.0.2.7', 'ключ').allowed).toBe(true)
  clock.now += 1
  expect(throttle.allows('192.0.2.7', 'ключ').allowed).toBe(false)
})

test('forgets what was reported least recently when it is full', () => {
  const { throttle, refuse } = setUp({ maxAddresses: 2, maxAccepted: 2 })
  for (const key of ['a', 'b', 'a', 'c']) throttle.accepted(key)
  refuse('192.0.2.1', 20)
  refuse('192.0.2.2', 20)
  refuse('192.0.2.1', 1)
  expect(['a', 'b', 'c'].map((key) => throttle.allows('192.0.2.1', key).allowed)).toEqual([true, false, true])
  refuse('192.0.2.3', 20)
  const allowed = ['192.0.2.1', '192.0.2.2', '192.0.2.3'].map((address) => throttle.allows(address, 'guess').allowed)
  expect(allowed).toEqual([false, true, false])
})

test('decides as a list of everything that happened would', () => {
  const addresses = ['192.0.2.1', '192.0.2.2', '2001:db8::1']
  const keys = ['a', 'b', 'c']
  const event = fc.record({
    by: fc.oneof(fc.constant(0), fc.constantFrom(1, 499, 500, 501, 999, 1_000, 1_001), fc.nat(3_000)),
    what: fc.constantFrom('refused', 'refused', 'refused', 'accepted'),
    address: fc.constantFrom(...addresses),
    key: fc.constantFrom(...keys),
  })
  fc.assert(
    fc.property(fc.array(event, { maxLength: 120 }), (events) => {
      const { clock, throttle } = setUp({ maxRefused: 3, windowMs: 1_000, rememberMs: 2_000 })
      const past: { what: string; address: string; key: string; at: number }[] = []
      const blocked = (address: string, at: number) =>
        past.filter((one) => one.what === 'refused' && one.address === address && one.at >= at - 1_000).length >= 3
      for (const { by, what, address, key } of events) {
        clock.now += by
        if (what === 'refused') throttle.refused(address)
        else throttle.accepted(key)
        past.push({ what, address, key, at: clock.now })
        for (const asker of addresses) {
          for (const asked of keys) {
            const known = past.some(
              (one) => one.what === 'accepted' && one.key === asked && one.at >= clock.now - 2_000,
            )
            const { allowed, retryAfterSeconds } = throttle.allows(asker, asked)
            expect(allowed).toBe(known || !blocked(asker, clock.now))
            if (allowed) continue
            expect(blocked(asker, clock.now + retryAfterSeconds * 1000)).toBe(false)
            expect(blocked(asker, clock.now + (retryAfterSeconds - 1) * 1000)).toBe(true)
          }
        }
      }
    }),
  )
})
