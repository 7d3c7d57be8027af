import { createClient } from 'redis'

type Options = {
  url: string
  deadlineMs: number
  /** After failing for so long on end a new connection is made. */
  patienceMs: number
  onError: (error: unknown) => void
}

type Client = ReturnType<typeof open>

export type RedisLink = {
  /** Runs commands that must be through within the deadline; rejects at once while there is no connection. */
  run<T>(commands: (client: Client) => Promise<T>): Promise<T>
  close(): Promise<void>
}

/**
 * One connection to Redis that gives up early and comes back by itself.
 *
 * The client reconnects when its socket ends, but it waits without limit for the answer to what it has written (its own
 * `timeout` is void once a command is sent), and a cut network ends no socket for minutes. So every run has a deadline
 * here, and a connection that only fails is replaced.
 */
export function createRedisLink({ url, deadlineMs, patienceMs, onError }: Options): RedisLink {
  let client = open(url, onError)
  let failingSince: number | undefined
  let closed = false

  function replaceIfDead(): void {
    const at = performance.now()
    failingSince ??= at
    if (closed || at - failingSince < patienceMs) return
    failingSince = undefined
    client.destroy()
    client = open(url, onError)
  }

  return {
    async run(commands) {
      try {
        const answer = await within(deadlineMs, commands(client))
        failingSince = undefined
        return answer
      } catch (error) {
        replaceIfDead()
        throw error
      }
    },

    async close() {
      if (closed) return
      closed = true
      // What is being asked may still be answered; a Redis that hangs must not hang our shutdown.
      await within(deadlineMs, client.close()).catch(() => undefined)
      client.destroy()
    },
  }
}

function open(url: string, onError: (error: unknown) => void) {
  const client = createClient({
    url,
    disableOfflineQueue: true,
    commandsQueueMaxLength: 10_000,
    maintNotifications: 'disabled',
    socket: {
      connectTimeout: 2_000,
      reconnectStrategy: (retries) => Math.min(50 * 2 ** retries, 1_000) + Math.random() * 100,
    },
  })
  client.on('error', onError)
  // Rejects only when it is destroyed before it was connected; everything else is an `error` event and another attempt.
  client.connect().catch(() => undefined)
  return client
}

async function within<T>(ms: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    // By way of setImmediate: when this process was busy for so long, an answer that has come meanwhile is read first.
    timer = setTimeout(() => setImmediate(reject, new Error(`Redis did not answer within ${ms} ms.`)), ms)
  })
  try {
    return await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
  }
}
