import { sql } from 'kysely'
import type { Scope } from '#kernel/caller.ts'
import type { OperatorTx, TenantTx } from '#platform/db/database.ts'
import type { Delivery, DeliveryStatus, Payload } from './webhook.ts'

type NewDelivery = {
  id: string
  tenantId: string
  event: string
  scope: Scope
  payload: Payload
  studentId: string | null
}

/** Adds a message, if the service has a webhook that wants such events; false when it has not. `always`: whatever it wants. */
export async function addDelivery(
  tx: TenantTx,
  { id, tenantId, event, scope, payload, studentId }: NewDelivery,
  { always = false } = {},
): Promise<boolean> {
  const { rows } = await sql`
    INSERT INTO webhook_deliveries (id, tenant_id, event, scope, payload, student_id)
    SELECT ${id}::uuid, tenant_id, ${event}, scope, ${JSON.stringify(payload)}::jsonb, ${studentId}
    FROM webhooks
    WHERE tenant_id = ${tenantId}::uuid AND scope = ${scope} AND (${always}::boolean OR ${event} = ANY(events))
    RETURNING id`.execute(tx)
  return rows.length > 0
}

export async function findDelivery(tx: TenantTx, id: string): Promise<Delivery | undefined> {
  const row = await tx.selectFrom('webhook_deliveries').select(COLUMNS).where('id', '=', id).executeTakeFirst()
  return row && fromRow(row)
}

type Wanted = {
  scopes: readonly Scope[]
  status: DeliveryStatus | undefined
  limit: number
  before: string | undefined
}

/** Newest first: those before `before`. */
export async function listDeliveries(tx: TenantTx, { scopes, status, limit, before }: Wanted): Promise<Delivery[]> {
  const rows = await tx
    .selectFrom('webhook_deliveries')
    .select(COLUMNS)
    .where('scope', 'in', [...scopes])
    .$if(status !== undefined, (query) => query.where('status', '=', status ?? ''))
    .$if(before !== undefined, (query) => query.where('id', '<', before ?? ''))
    .orderBy('id', 'desc')
    .limit(limit)
    .execute()
  return rows.map(fromRow)
}

/** Deletes at most `limit` messages that are older than `days`, and returns how many. */
export async function pruneDeliveries(tx: OperatorTx, { days, limit }: { days: number; limit: number }) {
  const old = sql<string>`(SELECT id FROM webhook_deliveries
    WHERE created_at < now() - make_interval(days => ${days}::int) LIMIT ${limit}::int)`
  const { numDeletedRows } = await tx.deleteFrom('webhook_deliveries').where('id', 'in', old).executeTakeFirst()
  return Number(numDeletedRows)
}

const COLUMNS = [
  'id',
  'event',
  'scope',
  'status',
  'attempts',
  'last_status',
  'last_error',
  'created_at',
  'next_attempt_at',
  'last_attempt_at',
  'delivered_at',
] as const

type Row = {
  id: string
  event: string
  scope: string
  status: string
  attempts: number
  last_status: number | null
  last_error: string | null
  created_at: Date
  next_attempt_at: Date | null
  last_attempt_at: Date | null
  delivered_at: Date | null
}

function fromRow(row: Row): Delivery {
  return {
    id: row.id,
    event: row.event,
    scope: row.scope as Scope,
    status: row.status as DeliveryStatus,
    attempts: row.attempts,
    lastStatus: row.last_status,
    lastError: row.last_error,
    createdAt: row.created_at,
    nextAttemptAt: row.next_attempt_at,
    lastAttemptAt: row.last_attempt_at,
    deliveredAt: row.delivered_at,
  }
}
