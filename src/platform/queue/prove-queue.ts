import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { runOnce } from 'graphile-worker'
import type { Database } from '../db/database.ts'
import type { QueueLog } from './log.ts'
import { type QueuePool, seesTokens } from './session-store.ts'
import { libraryLogger, SCHEMA } from './wake-ups.ts'
import { addPing } from './worker-store.ts'

type Options = { db: Pick<Database, 'statement'>; pool: QueuePool; log: QueueLog; deadlineMs?: number }

/**
 * Proves that what the application adds reaches this process, and throws one clear Error when it does not within the deadline.
 * A role that may use the library's tables but does not own them is shown no row by their policies, and would wait for ever.
 */
export async function proveQueue({ db, pool, log, deadlineMs = 10_000 }: Options): Promise<void> {
  const deadline = performance.now() + deadlineMs
  const token = randomUUID()
  // Any ping will do: processes that start together may take each other's.
  let arrived = false
  const taskList = {
    ping: () => {
      arrived = true
    },
  }
  async function attempt() {
    await addPing(db, token)
    const options = { pgPool: pool, schema: SCHEMA, noHandleSignals: true, concurrency: 1, logger: libraryLogger(log) }
    await runOnce(options, taskList)
  }
  try {
    if (!(await seesTokens(pool))) throw new Error(`the worker must connect as the owner of the schema ${SCHEMA}`)
    while (!arrived && performance.now() < deadline) {
      await within(attempt(), deadline - performance.now())
      if (!arrived) await sleep(100)
    }
    if (!arrived) throw new Error(`nothing that the application adds reached the worker within ${deadlineMs / 1000} s`)
  } catch (error) {
    throw new Error(`The job queue cannot be used: ${error instanceof Error ? error.message : String(error)}.`, {
      cause: error,
    })
  }
}

async function within(work: Promise<void>, ms: number): Promise<void> {
  const giveUp = new AbortController()
  try {
    await Promise.race([work, sleep(Math.max(0, ms), undefined, { signal: giveUp.signal }).catch(() => undefined)])
  } finally {
    giveUp.abort()
    work.catch(() => undefined)
  }
}
