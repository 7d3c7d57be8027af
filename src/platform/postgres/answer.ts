import { setTimeout as sleep } from 'node:timers/promises'
import { Client } from 'pg'

type Login = { port: number; user: string; password: string }

const longestTryMs = 5_000

/** Resolves when the server lets us in: only ours has this password. Throws when it does not within `deadlineMs`. */
export async function requireAnswer(login: Login, deadlineMs: number): Promise<void> {
  const deadline = performance.now() + deadlineMs
  for (;;) {
    const refusal = await ask(login, Math.min(longestTryMs, deadlineMs))
    if (refusal === undefined) return
    const final = 'code' in refusal && (refusal.code === '28P01' || refusal.code === '28000')
    if (final || performance.now() > deadline) {
      throw new Error(`PostgreSQL on port ${login.port} does not let us in: ${refusal.message}`, { cause: refusal })
    }
    await sleep(50)
  }
}

async function ask(login: Login, tryMs: number): Promise<Error | undefined> {
  const client = new Client({
    ...login,
    host: '127.0.0.1',
    database: 'postgres',
    connectionTimeoutMillis: tryMs,
    query_timeout: tryMs,
  })
  // A connection that breaks between two of our steps is reported by the next step.
  client.on('error', () => undefined)
  try {
    await client.connect()
    await client.query('select 1')
    return undefined
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error))
  } finally {
    await Promise.race([client.end().catch(() => undefined), sleep(1_000, undefined, { ref: false })])
  }
}
