import type { Scope } from '#kernel/caller.ts'
import type { WebhookEvent } from './events.ts'

/** Where one service of a tenant wants to be told of what. */
export type Webhook = { scope: Scope; url: string; events: WebhookEvent[]; createdAt: Date; updatedAt: Date }

export type SealedWebhook = Webhook & { secret: Buffer }

export type DeliveryStatus = 'pending' | 'delivered' | 'failed'

/** A message and how far it got. */
export type Delivery = {
  /** The `webhook-id` of every attempt. */
  id: string
  event: string
  scope: Scope
  status: DeliveryStatus
  attempts: number
  /** What the receiver answered last; null when it did not. */
  lastStatus: number | null
  lastError: string | null
  createdAt: Date
  /** Null once it is over. */
  nextAttemptAt: Date | null
  lastAttemptAt: Date | null
  deliveredAt: Date | null
}

/** The body of a message: the field order is that of the convention. */
export type Payload = { type: string; timestamp: string; data: Record<string, unknown> }
