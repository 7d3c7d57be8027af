import { createHash, randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { createRedisLink } from './redis-link.ts'
import { accept, refuse, requireLimit, type Verdict } from './verdict.ts'

type Options = {
  url: string
  windowMs: number
  /** For one `take`, in ms. */
  deadlineMs: number
  /** Put before every key, so that the database can be shared. */
  prefix: string
  /** Hears of every lost connection and failed attempt to connect. */
  onError?: (error: unknown) => void
  /** After failing for so long on end, in ms, the connection is replaced. */
  patienceMs?: number
}

/** A `Limiter` that answers over the network. */
export type RedisLimiter = {
  /** Rejects with `LimiterUnavailable`; the request may then have been counted all the same, never more than once. */
  take(key: string, limit: number): Promise<Verdict>
  /** Resolves when Redis has run the script, waiting for the connection until `signal` aborts. For the boot. */
  check(signal: AbortSignal): Promise<void>
  close(): Promise<void>
}

/** Redis did not answer, or not with an answer; see `cause`. */
export class LimiterUnavailable extends Error {
  constructor(cause: unknown) {
    super('The shared request log cannot be reached.', { cause })
    this.name = 'LimiterUnavailable'
  }
}

/**
 * The sliding-window log of `createWindowLimiter`, shared by every process that uses the same Redis (6 or later), with
 * the same exactness: one script run is atomic, and all go by the clock of Redis, in microseconds. Exact as long as
 * Redis keeps its data and that clock is not set forward. The key expires with its last entry.
 */
export function createRedisLimiter(options: Options): RedisLimiter {
  const { url, windowMs, deadlineMs, prefix, onError = () => undefined, patienceMs = 5_000 } = options
  const link = createRedisLink({ url, deadlineMs, patienceMs, onError })
  const instance = randomBytes(9).toString('base64url')
  let takes = 0

  async function take(key: string, limit: number): Promise<Verdict> {
    takes += 1
    const member = `${instance}${takes.toString(36)}`
    const args = [String(windowMs * 1000), String(requireLimit(limit)), member]
    try {
      return toVerdict(limit, await link.run((client) => runScript(client, prefix + key, args)))
    } catch (error) {
      throw new LimiterUnavailable(error)
    }
  }

  async function check(signal: AbortSignal): Promise<void> {
    for (;;) {
      try {
        await take('self-check', 1)
        return
      } catch (error) {
        await sleep(50, undefined, { signal }).catch(() => {
          throw error
        })
      }
    }
  }

  return { take, check, close: () => link.close() }
}

type Call = { keys: string[]; arguments: string[] }
type Scripting = {
  evalSha(sha: string, call: Call): Promise<unknown>
  eval(script: string, call: Call): Promise<unknown>
}

async function runScript(client: Scripting, key: string, args: string[]): Promise<unknown> {
  const call = { keys: [key], arguments: args }
  try {
    return await client.evalSha(TAKE_SHA, call)
  } catch (error) {
    if (!(error instanceof Error && error.message.startsWith('NOSCRIPT'))) throw error
    return client.eval(TAKE_SCRIPT, call)
  }
}

function toVerdict(limit: number, answer: unknown): Verdict {
  const [accepted, count, oldestMicros, blockerMicros] = Array.isArray(answer) ? answer.map(Number) : []
  if (count === undefined || oldestMicros === undefined || blockerMicros === undefined) {
    throw new TypeError('The script answered with something else.')
  }
  if (accepted === 1) return accept(limit, count, oldestMicros / 1000)
  return refuse(limit, oldestMicros / 1000, blockerMicros / 1000)
}

/**
 * KEYS: the log. ARGV: the window in microseconds, the limit, a name that no other request has. Returns accepted (1 or
 * 0), how many are counted, and the microseconds until the oldest of them, and the one that stands in the way, leave.
 *
 * An entry from the future means that the clock was set back: it is taken for one of now, so that it leaves within a
 * window. Numbers are formatted by hand, because Lua itself writes 14 digits and the time has 16.
 */
export const TAKE_SCRIPT = `
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local log, window, limit = KEYS[1], tonumber(ARGV[1]), tonumber(ARGV[2])
local function digits(number) return string.format('%.0f', number) end
local function leaves_in(rank) return redis.call('ZRANGE', log, rank, rank, 'WITHSCORES')[2] + window - now end

for _, member in ipairs(redis.call('ZRANGEBYSCORE', log, '(' .. digits(now), '+inf')) do
  redis.call('ZADD', log, digits(now), member)
end
redis.call('ZREMRANGEBYSCORE', log, '-inf', '(' .. digits(now - window))
local count = redis.call('ZCARD', log)
if count >= limit then return { 0, count, leaves_in(0), leaves_in(count - limit) } end
redis.call('ZADD', log, digits(now), ARGV[3])
redis.call('PEXPIRE', log, math.ceil(window / 1000) + 1000)
return { 1, count + 1, leaves_in(0), 0 }
`

const TAKE_SHA = createHash('sha1').update(TAKE_SCRIPT).digest('hex')
