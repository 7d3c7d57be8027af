import { serviceUnavailable } from '#platform/http/refusals.ts'
import type { Limiter } from '#platform/limits/index.ts'
import type { Log } from '#platform/log/index.ts'

const WINDOW = 60_000
const DEADLINE = 1_000
const BOOT_DEADLINE = 10_000

/**
 * The limiter that several API processes share; undefined without Redis. Throws when Redis does not answer at boot. Later, while it does not
 * answer, requests are refused as unavailable: letting them through would sell more than was paid for.
 */
export async function openSharedLimiter(url: string | undefined, log: Log): Promise<Limiter | undefined> {
  if (url === undefined) return undefined
  // Its client takes long to load, and most installations have no Redis.
  const { createRedisLimiter, LimiterUnavailable } = await import('#platform/limits/redis-log.ts')
  const redis = createRedisLimiter({
    url,
    windowMs: WINDOW,
    deadlineMs: DEADLINE,
    prefix: 'course-supporter:limit:',
    onError: (error) => log.warn({ err: error }, 'Redis does not answer'),
  })
  try {
    await redis.check(AbortSignal.timeout(BOOT_DEADLINE))
  } catch (error) {
    await redis.close()
    throw new Error('Redis (REDIS_URL) does not answer.', { cause: error })
  }
  return {
    close: () => redis.close(),
    take: async (key, limit) => {
      try {
        return await redis.take(key, limit)
      } catch (error) {
        throw error instanceof LimiterUnavailable ? serviceUnavailable(error) : error
      }
    },
  }
}
