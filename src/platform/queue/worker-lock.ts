import { setMaxListeners } from 'node:events'
import type { Database } from '../db/database.ts'
import type { QueueLog } from './log.ts'
import { type LockSession, openLockSession } from './session-store.ts'
import { nextWorkerId } from './worker-store.ts'

/** A worker's name for as long as it is known to live. */
export type Lease = {
  workerId: number
  /** Aborted when the lock is gone: from then on others may take this worker's jobs over. */
  lost: AbortSignal
}

export type WorkerLock = {
  /** Undefined while there is none. */
  lease(): Lease | undefined
  /** Finds out whether the connection still answers; if not, the lease is lost. */
  check(): Promise<void>
  close(): Promise<void>
}

type Options = {
  db: Pick<Database, 'asOperator'>
  queueUrl: string
  log: QueueLog
  /** Called when there is a lease again after one was lost. */
  onRegained: () => void
}

/**
 * Takes a new worker id and an advisory lock on it, on a connection of its own: the id is alive while a session holds its
 * lock, and the server releases that when the process dies. After the connection broke, takes another id as soon as it can.
 */
export async function holdWorkerLock({ db, queueUrl, log, onRegained }: Options): Promise<WorkerLock> {
  let held: { session: LockSession; lease: Lease; lose: () => void } | undefined
  let closed = false
  let retry: NodeJS.Timeout | undefined
  let acquiring: Promise<void> = Promise.resolve()

  async function acquire() {
    const session = await openLockSession(queueUrl, () => lose(session))
    try {
      let workerId: number
      do workerId = await db.asOperator('names a worker', nextWorkerId)
      while (!(await session.tryLock(workerId)))
      if (session.broken()) throw new Error('The connection broke at once.')
      const lost = new AbortController()
      // Every running job listens; the default warns of more than ten.
      setMaxListeners(0, lost.signal)
      held = { session, lease: { workerId, lost: lost.signal }, lose: () => lost.abort() }
    } catch (error) {
      await session.close()
      throw error
    }
  }

  function lose(session: LockSession) {
    if (held?.session !== session) return
    const { lease, lose: tell } = held
    held = undefined
    log.warn({ workerId: lease.workerId }, 'The worker lost its lock and will continue under another number.')
    tell()
    acquireLater(250)
  }

  function acquireLater(delayMs: number) {
    if (closed) return
    retry = setTimeout(() => {
      acquiring = acquire().then(onRegained, (error: unknown) => {
        log.warn({ err: error }, 'The worker cannot take its lock yet.')
        acquireLater(Math.min(delayMs * 2, 5_000))
      })
    }, delayMs)
  }

  await acquire()
  return {
    lease: () => held?.lease,
    check: async () => {
      const session = held?.session
      await session?.check().catch(async () => {
        lose(session)
        await session.close()
      })
    },
    close: async () => {
      closed = true
      clearTimeout(retry)
      await acquiring
      const session = held?.session
      held = undefined
      await session?.close()
    },
  }
}
