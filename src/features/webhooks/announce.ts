import type { TenantTx } from '#platform/db/database.ts'
import { newId } from '#platform/ids/index.ts'
import { addDelivery } from './deliveries-store.ts'
import { EVENTS, type WebhookEvent } from './events.ts'

export type Announcement = {
  tenantId: string
  event: WebhookEvent
  /** Small: ids and what came of it. */
  data: Record<string, unknown>
  /** Whom it is about, if it is a person: it is erased with them. */
  studentId?: string
}

/**
 * Says that something has become true, in the transaction that makes it so: whoever wants to hear of it is told once that commits. Where nobody
 * does, nothing is kept.
 */
export async function announce(tx: TenantTx, { tenantId, event, data, studentId }: Announcement): Promise<void> {
  const payload = { type: event, timestamp: new Date().toISOString(), data: storable(data) }
  await addDelivery(tx, { id: newId(), tenantId, event, scope: EVENTS[event], payload, studentId: studentId ?? null })
}

// PostgreSQL's jsonb takes neither half a surrogate pair nor a zero character.
function storable(data: Record<string, unknown>): Record<string, unknown> {
  return JSON.parse(
    JSON.stringify(data, (_, value) => (typeof value === 'string' ? value.toWellFormed().replaceAll('\0', '') : value)),
  )
}
