import { sql } from 'kysely'
import type { Scope } from '#kernel/caller.ts'
import type { TenantTx } from '#platform/db/database.ts'
import type { WebhookEvent } from './events.ts'
import type { SealedWebhook } from './webhook.ts'

/** Until the transaction ends, nobody else changes the tenant's webhooks. */
export async function lockWebhooks(tx: TenantTx, tenantId: string): Promise<void> {
  await sql`SELECT pg_advisory_xact_lock(hashtextextended(${`webhooks ${tenantId}`}, 0))`.execute(tx)
}

/** Those of these services, in the order of their names. */
export async function findWebhooks(tx: TenantTx, scopes: readonly Scope[]): Promise<SealedWebhook[]> {
  const rows = await tx
    .selectFrom('webhooks')
    .selectAll()
    .where('scope', 'in', [...scopes])
    .orderBy('scope')
    .execute()
  return rows.map((row) => ({
    scope: row.scope as Scope,
    url: row.url,
    events: row.events as WebhookEvent[],
    secret: row.secret,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  }))
}

type NewWebhook = Pick<SealedWebhook, 'scope' | 'url' | 'events' | 'secret'> & { tenantId: string }

/** Adds or replaces a service's webhook. What was held against the receiver is forgotten. */
export async function putWebhook(tx: TenantTx, { tenantId, scope, url, events, secret }: NewWebhook): Promise<void> {
  const values = { url, events, secret, failures: 0, paused_until: null }
  await tx
    .insertInto('webhooks')
    .values({ tenant_id: tenantId, scope, ...values })
    .onConflict((conflict) =>
      conflict.columns(['tenant_id', 'scope']).doUpdateSet({ ...values, updated_at: sql<Date>`now()` }),
    )
    .execute()
}

/** False when there was none. What still waits to be sent fails. */
export async function deleteWebhook(tx: TenantTx, scope: Scope): Promise<boolean> {
  const { numDeletedRows } = await tx.deleteFrom('webhooks').where('scope', '=', scope).executeTakeFirst()
  await tx
    .updateTable('webhook_deliveries')
    .set({ status: 'failed', next_attempt_at: null, last_error: 'The webhook was removed.' })
    .where('scope', '=', scope)
    .where('status', '=', 'pending')
    .execute()
  return numDeletedRows > 0n
}
