import { expect, test } from 'vitest'
import { createGuessThrottle, createWindowLimiter } from '#platform/limits/index.ts'
import { createGate } from './gate.ts'
import { newKey } from './key.ts'

const now = () => 0
const limiter = createWindowLimiter({
  windowMs: 60_000,
  now,
  maxKeys: 100,
  maxPerKey: 100,
  every: () => () => undefined,
})

function gateWith(findKey: (hash: string) => Promise<undefined>) {
  const options = { now, maxRefused: 20, windowMs: 60_000, maxAddresses: 10, maxAccepted: 10, rememberMs: 3_600_000 }
  return createGate({ findKey, throttle: createGuessThrottle(options), limiter, publicLimiter: limiter })
}

test('a thousand guesses at once from one address are few look-ups', async () => {
  let lookups = 0
  const gate = gateWith(async () => {
    lookups += 1
    await new Promise((resolve) => setImmediate(resolve))
    return undefined
  })
  const guesses = Array.from({ length: 1_000 }, () =>
    gate.admit({ key: newKey('live'), address: '192.0.2.1', access: 'any' }),
  )
  const codes = (await Promise.allSettled(guesses)).map((guess) =>
    guess.status === 'rejected' ? guess.reason.code : 'entered',
  )
  expect(lookups).toBeLessThan(25)
  expect(new Set(codes)).toEqual(new Set(['auth.key_invalid', 'auth.too_many_refusals']))
  await expect(gate.admit({ key: newKey('live'), address: '192.0.2.2', access: 'any' })).rejects.toMatchObject({
    code: 'auth.key_invalid',
  })
})
