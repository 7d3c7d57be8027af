import { sql } from 'kysely'
import type { Scope } from '#kernel/caller.ts'
import type { OperatorTx, TenantTx } from '#platform/db/database.ts'
import type { Verdict } from './retries.ts'
import type { Payload } from './webhook.ts'

/** The right to deliver for one service of one tenant, until it is given back or has not been heard of for `CLAIM_SECONDS`. */
export type Claim = { tenantId: string; scope: Scope; claimId: string }

const CLAIM_SECONDS = 60

/**
 * Claims webhooks that have something to send: of those whose receiver is well, or of those whose receiver was down last; whoever was served
 * longest ago first.
 */
export async function claimWebhooks(
  tx: OperatorTx,
  { areDown, limit }: { areDown: boolean; limit: number },
): Promise<Claim[]> {
  const { rows } = await sql<Claim>`
    UPDATE webhooks SET claim_id = gen_random_uuid(), claimed_at = now()
    WHERE (tenant_id, scope) IN (
      SELECT w.tenant_id, w.scope FROM webhooks w
      WHERE (w.claim_id IS NULL OR w.claimed_at < now() - make_interval(secs => ${CLAIM_SECONDS}))
        AND (w.paused_until IS NULL OR w.paused_until <= now()) AND (w.failures > 0) = ${areDown}::boolean
        AND EXISTS (SELECT FROM webhook_deliveries d WHERE d.tenant_id = w.tenant_id AND d.scope = w.scope
          AND d.status = 'pending' AND d.next_attempt_at <= now())
      ORDER BY w.claimed_at NULLS FIRST LIMIT ${limit}::int FOR UPDATE SKIP LOCKED)
    RETURNING tenant_id AS "tenantId", scope, claim_id AS "claimId"`.execute(tx)
  return rows
}

export async function releaseWebhook(tx: TenantTx, { scope, claimId }: Claim): Promise<void> {
  await tx
    .updateTable('webhooks')
    .set({ claim_id: null })
    .where('scope', '=', scope)
    .where('claim_id', '=', claimId)
    .execute()
}

/** Gives up what waits for longer than `hours`, and all but the newest `most`. */
export async function giveUpOld(
  tx: TenantTx,
  scope: Scope,
  { hours, most }: { hours: number; most: number },
): Promise<void> {
  await sql`
    UPDATE webhook_deliveries
    SET status = 'failed', next_attempt_at = NULL, last_error = 'It could not be delivered in time.'
    WHERE scope = ${scope} AND status = 'pending' AND created_at < now() - make_interval(hours => ${hours}::int)`.execute(
    tx,
  )
  await sql`
    UPDATE webhook_deliveries
    SET status = 'failed', next_attempt_at = NULL, last_error = 'Too many messages were waiting, and this was among the oldest.'
    WHERE id IN (
      SELECT id FROM webhook_deliveries WHERE scope = ${scope} AND status = 'pending'
      ORDER BY id DESC OFFSET ${most}::int)`.execute(tx)
}

export type Due = { id: string; attempts: number; payload: Payload; url: string; secret: Buffer }

/** The message of this service that is due longest, and where to send it now. New ones go before those that failed: no bad one holds up others. */
export async function findDue(tx: TenantTx, scope: Scope): Promise<Due | undefined> {
  const row = await tx
    .selectFrom('webhook_deliveries as d')
    .innerJoin('webhooks as w', (join) =>
      join.onRef('w.tenant_id', '=', 'd.tenant_id').onRef('w.scope', '=', 'd.scope'),
    )
    .select(['d.id', 'd.attempts', 'd.payload', 'w.url', 'w.secret'])
    .where('d.scope', '=', scope)
    .where('d.status', '=', 'pending')
    .where('d.next_attempt_at', '<=', sql<Date>`now()`)
    .orderBy(sql`d.attempts > 0`)
    .orderBy('d.next_attempt_at')
    .orderBy('d.id')
    .limit(1)
    .executeTakeFirst()
  return row && { ...row, payload: row.payload as Payload }
}

/** Writes down what came of an attempt. A message that is gone or over meanwhile stays so. */
export async function saveAttempt(tx: TenantTx, id: string, verdict: Verdict): Promise<void> {
  const { status, waitSeconds, lastStatus, lastError } = verdict
  const now = sql<Date>`now()`
  await tx
    .updateTable('webhook_deliveries')
    .set({
      status,
      attempts: sql<number>`attempts + 1`,
      last_status: lastStatus,
      last_error: lastError,
      last_attempt_at: now,
      next_attempt_at: status === 'pending' ? sql<Date>`now() + make_interval(secs => ${waitSeconds}::float8)` : null,
      delivered_at: status === 'delivered' ? now : null,
    })
    .where('id', '=', id)
    .where('status', '=', 'pending')
    .execute()
}

/** Notes that the receiver is well, or returns how often it was down in a row, this time included. */
export async function countFailure(tx: TenantTx, { scope, claimId }: Claim, isDown: boolean): Promise<number> {
  const row = await tx
    .updateTable('webhooks')
    .set({ failures: isDown ? sql<number>`failures + 1` : 0 })
    .where('scope', '=', scope)
    .where('claim_id', '=', claimId)
    .returning('failures')
    .executeTakeFirst()
  return row?.failures ?? 0
}

export async function pauseWebhook(tx: TenantTx, { scope, claimId }: Claim, seconds: number): Promise<void> {
  await tx
    .updateTable('webhooks')
    .set({ paused_until: sql<Date>`now() + make_interval(secs => ${seconds}::float8)` })
    .where('scope', '=', scope)
    .where('claim_id', '=', claimId)
    .execute()
}
