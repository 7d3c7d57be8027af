import fc from 'fast-check'
import { createClient } from 'redis'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { TAKE_SCRIPT } from '#platform/limits/redis-log.ts'
import { type RedisServer, startRedisServer } from './redis-server.ts'

let redis: RedisServer

beforeAll(async () => {
  redis = await startRedisServer()
})
afterAll(async () => {
  await redis?.stop()
})

async function clientOf(url: string) {
  const client = await createClient({ url }).connect()
  onTestFinished(() => client.destroy())
  return client
}

/** The script with its clock taken from the fourth argument: nothing else of it is changed. */
const scriptOnOurClock = TAKE_SCRIPT.replace('local now = time[1] * 1000000 + time[2]', 'local now = tonumber(ARGV[4])')

test('the script accepts exactly what a list of all accepted times allows', async () => {
  expect(scriptOnOurClock).not.toBe(TAKE_SCRIPT)
  const client = await clientOf(redis.url)
  const window = 60_000_000
  const request = fc.record({
    by: fc.oneof(fc.constant(0), fc.nat(3_000_000), fc.nat(90_000_000)),
    edge: fc.option(fc.record({ of: fc.nat(20), off: fc.constantFrom(-1, 0, 1) }), { freq: 2 }),
    limit: fc.integer({ min: 1, max: 6 }),
  })
  let run = 0
  await fc.assert(
    fc.asyncProperty(fc.array(request, { maxLength: 60 }), async (requests) => {
      run += 1
      let now = 1_790_000_000_123_456
      const all: number[] = []
      for (const [index, { by, edge, limit }] of requests.entries()) {
        const edgeTime = edge && all.at(-1 - (edge.of % Math.max(1, all.length)))
        now = edge && edgeTime ? Math.max(now, edgeTime + window + edge.off) : now + by
        const counted = all.filter((time) => time >= now - window)
        const accepted = counted.length < limit
        const blocker = counted[counted.length - limit] ?? 0
        if (accepted) counted.push(now)

        const answer = await client.eval(scriptOnOurClock, {
          keys: [`oracle:${run}`],
          arguments: [String(window), String(limit), `m${index}`, String(now)],
        })

        const oldestLeaves = (counted[0] ?? 0) + window - now
        expect(answer).toEqual([accepted ? 1 : 0, counted.length, oldestLeaves, accepted ? 0 : blocker + window - now])
        if (accepted) all.push(now)
      }
    }),
    { numRuns: 60 },
  )
})

test('when the clock of Redis is set back, what was counted leaves within one window of the new time', async () => {
  const client = await clientOf(redis.url)
  let member = 0
  const take = (now: number) => {
    member += 1
    const args = ['60000000', '2', `m${member}`, String(now)]
    return client.eval(scriptOnOurClock, { keys: ['stepped-back'], arguments: args })
  }
  const noon = 1_790_000_000_000_000
  const hour = 3_600_000_000
  await take(noon + hour)
  await take(noon + hour)
  expect(await take(noon)).toEqual([0, 2, 60_000_000, 60_000_000])
  expect(await take(noon + 60_000_000)).toEqual([0, 2, 0, 0])
  expect(await take(noon + 60_000_001)).toEqual([1, 1, 60_000_000, 0])
})
