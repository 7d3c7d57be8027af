import type { Database } from '#platform/db/database.ts'
import type { Log } from '#platform/log/index.ts'
import type { Seal } from '#platform/seal/index.ts'
import { WebError, type WebPoster } from '#platform/web/index.ts'
import * as store from './courier-store.ts'
import { GIVE_UP_HOURS, judge, type Outcome, pauseAfter } from './retries.ts'
import { signedHeaders } from './signing.ts'
import type { Payload } from './webhook.ts'
import { about } from './webhooks.ts'

type Deps = {
  db: Pick<Database, 'forTenant' | 'asOperator'>
  poster: WebPoster
  seal: Seal
  log: Pick<Log, 'warn' | 'debug'>
  /** How many webhooks are served at a time. Those whose receiver was down last get at most half of the places. */
  places?: number
}

/** After so long a round makes room for another's. */
const ROUND_MS = 10_000

const MOST_WAITING = 10_000

/**
 * Delivers messages, beside the job queue: no slot of it waits for anybody's receiver. One round serves one webhook, a message after another,
 * and ends early when the receiver is down; that is then left alone for a while. No transaction is open while anybody is waited for. A worker
 * that dies leaves its claim, which others take over: a message can come twice, always with the same id.
 */
export function createCourier({ db, poster, seal, log, places = 8 }: Deps) {
  const stopping = new AbortController()
  const rounds = new Map<Promise<void>, { areDown: boolean }>()

  /** Starts as many rounds as there are due webhooks and free places. */
  async function look() {
    for (const areDown of [false, true]) {
      const downNow = [...rounds.values()].filter((round) => round.areDown).length
      const free = places - rounds.size
      const limit = areDown ? Math.min(free, Math.ceil(places / 2) - downNow) : free
      if (limit <= 0 || stopping.signal.aborted) continue
      const claims = await db.asOperator('claims webhooks', (tx) => store.claimWebhooks(tx, { areDown, limit }))
      for (const claim of claims) {
        const round = serve(claim).finally(() => rounds.delete(round))
        rounds.set(round, { areDown })
      }
    }
  }

  /** Never rejects. */
  async function serve(claim: store.Claim) {
    const { tenantId, scope } = claim
    try {
      await db.forTenant(tenantId, (tx) => store.giveUpOld(tx, scope, { hours: GIVE_UP_HOURS, most: MOST_WAITING }))
      for (const end = Date.now() + ROUND_MS; Date.now() < end && !stopping.signal.aborted; ) {
        const isWell = await deliverNext(claim)
        if (!isWell) break
      }
    } catch (error) {
      if (!stopping.signal.aborted) log.warn({ err: error, tenantId, scope }, 'Webhooks wait for another round.')
    }
    await db
      .forTenant(tenantId, (tx) => store.releaseWebhook(tx, claim))
      .catch((error: unknown) => log.warn({ err: error, tenantId, scope }, 'A claim on webhooks runs out by itself.'))
  }

  /** False when there is nothing to send, or nobody to take it. */
  async function deliverNext(claim: store.Claim): Promise<boolean> {
    const { tenantId, scope } = claim
    const due = await db.forTenant(tenantId, (tx) => store.findDue(tx, scope))
    if (due === undefined) return false
    const outcome = await send(claim, due)
    const verdict = judge(outcome, due.attempts + 1)
    const { status, isDown, quietSeconds, lastStatus } = verdict
    if (status !== 'delivered') log.debug({ tenantId, deliveryId: due.id, status, lastStatus }, 'A webhook failed.')
    await db.forTenant(tenantId, async (tx) => {
      await store.saveAttempt(tx, due.id, verdict)
      const failures = await store.countFailure(tx, claim, isDown)
      if (isDown) await store.pauseWebhook(tx, claim, Math.max(pauseAfter(failures), quietSeconds))
    })
    return !isDown
  }

  /** Throws only what is no outcome, such as a stop: then the attempt never was. */
  async function send({ tenantId, scope }: store.Claim, { id, url, secret: sealed, payload }: store.Due) {
    const secret = seal.open(sealed, about(tenantId, scope))
    if (secret === undefined) return { error: 'The secret can no longer be read. Rotate it.' } satisfies Outcome
    const body = bodyOf(payload)
    const headers = {
      ...signedHeaders(secret, { id, at: new Date(), body }),
      'content-type': 'application/json; charset=utf-8',
      'user-agent': 'course-supporter-webhooks/1',
    }
    try {
      return await poster.post(url, { headers, body, signal: stopping.signal })
    } catch (error) {
      if (error instanceof WebError) return { error: error.message } satisfies Outcome
      throw error
    }
  }

  return {
    look,
    /** Resolves when no round is under way. */
    idle: async () => void (await Promise.all(rounds.keys())),
    /** Breaks off what is being sent, as if it had not been begun. */
    stop: async () => {
      stopping.abort()
      await Promise.all(rounds.keys())
    },
  }
}

const bodyOf = ({ type, timestamp, data }: Payload) => JSON.stringify({ type, timestamp, data })
