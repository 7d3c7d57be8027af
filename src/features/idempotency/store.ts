import { sql } from 'kysely'
import type { Database, OperatorTx, TenantTx } from '#platform/db/database.ts'
import type { Claim, ClaimOutcome } from '#platform/http/once.ts'

// A claim lives a minute longer than the last sign of life of its process, an answer a day.
const LEASE = sql<Date>`now() + interval '60 seconds'`
const KEPT = sql`interval '24 hours'`

/** Takes the key if nobody holds it: it is new, its answer is over a day old, or its process went silent. */
export async function claimKey(tx: TenantTx, { tenantId, key, claimId }: Claim): Promise<ClaimOutcome> {
  const claimed = await tx
    .insertInto('idempotency_keys')
    .values({ tenant_id: tenantId, key, claim_id: claimId, leased_until: LEASE })
    .onConflict((conflict) =>
      conflict
        .columns(['tenant_id', 'key'])
        .doUpdateSet({
          claim_id: claimId,
          leased_until: LEASE,
          fingerprint: null,
          reply_status: null,
          reply_location: null,
          reply_body: null,
          created_at: sql`now()`,
        })
        .where(
          sql<boolean>`(idempotency_keys.reply_status IS NULL AND idempotency_keys.leased_until < now())
            OR (idempotency_keys.reply_status IS NOT NULL AND idempotency_keys.created_at < now() - ${KEPT})`,
        ),
    )
    .returning('claim_id')
    .executeTakeFirst()
  if (claimed !== undefined) return { kind: 'claimed' }
  const held = await tx.selectFrom('idempotency_keys').selectAll().where('key', '=', key).executeTakeFirst()
  if (!held || held.reply_status === null || held.fingerprint === null) return { kind: 'running' }
  return {
    kind: 'answered',
    fingerprint: held.fingerprint,
    answer: {
      status: held.reply_status,
      ...(held.reply_location === null ? {} : { location: held.reply_location }),
      body: held.reply_body,
    },
  }
}

export async function renewClaim(tx: TenantTx, { key, claimId }: Claim): Promise<void> {
  await tx
    .updateTable('idempotency_keys')
    .set({ leased_until: LEASE })
    .where('key', '=', key)
    .where('claim_id', '=', claimId)
    .execute()
}

/** False when the claim was lost to another request. */
export async function storeAnswer(
  tx: TenantTx,
  { key, claimId }: Claim,
  {
    fingerprint,
    status,
    location,
    body,
  }: { fingerprint: string; status: number; location: string | undefined; body: unknown },
): Promise<boolean> {
  const { numUpdatedRows } = await tx
    .updateTable('idempotency_keys')
    .set({ fingerprint, reply_status: status, reply_location: location ?? null, reply_body: JSON.stringify(body) })
    .where('key', '=', key)
    .where('claim_id', '=', claimId)
    .where('reply_status', 'is', null)
    .executeTakeFirst()
  return numUpdatedRows === 1n
}

export async function freeClaim(tx: TenantTx, { key, claimId }: Claim): Promise<void> {
  await tx
    .deleteFrom('idempotency_keys')
    .where('key', '=', key)
    .where('claim_id', '=', claimId)
    .where('reply_status', 'is', null)
    .execute()
}

/** Deletes at most `limit` keys whose time is over. Returns how many. */
export async function deleteOldKeys(tx: OperatorTx, limit: number): Promise<number> {
  const old = tx
    .selectFrom('idempotency_keys')
    .select(['tenant_id', 'key'])
    .where('created_at', '<', sql<Date>`now() - ${KEPT}`)
    .where('leased_until', '<', sql<Date>`now()`)
    .limit(limit)
  const { numDeletedRows } = await tx
    .deleteFrom('idempotency_keys')
    .where(({ eb, refTuple }) => eb(refTuple('tenant_id', 'key'), 'in', old.$asTuple('tenant_id', 'key')))
    .executeTakeFirst()
  return Number(numDeletedRows)
}

export type Db = Pick<Database, 'forTenant' | 'asOperator'>
