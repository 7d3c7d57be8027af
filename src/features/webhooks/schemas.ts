import { Type } from 'typebox'
import { Id, Input, Nullable, OneOf, PageOf, PageQuery, type StaticOf, Timestamp } from '#platform/http/index.ts'
import { EVENT_NAMES } from './events.ts'
import type { Delivery, Webhook } from './webhook.ts'

const ScopeName = OneOf('prep', 'check')

const STATUSES = ['pending', 'delivered', 'failed'] as const

export const WebhookWish = Input(
  {
    url: Type.String({
      minLength: 1,
      maxLength: 2_048,
      description:
        'https, on the public internet, without credentials or a fragment. Kept as it is called: parsed and encoded.',
      examples: ['https://lms.example/hooks/courses'],
    }),
    events: Type.Array(OneOf(...EVENT_NAMES), { minItems: 1, maxItems: 50 }),
    rotate_secret: Type.Optional(
      Type.Boolean({ default: false, description: 'Make a new secret. The old one is good for nothing from then on.' }),
    ),
  },
  {
    title: 'WebhookWish',
    examples: [
      {
        url: 'https://lms.example/hooks/courses',
        events: ['structure.done', 'submission.done', 'submission.needs_review'],
      },
    ],
  },
)

const WebhookBody = Type.Object(
  {
    scope: ScopeName,
    url: Type.String(),
    events: Type.Array(Type.String({ examples: ['submission.done'] })),
    created_at: Timestamp,
    updated_at: Timestamp,
  },
  { title: 'Webhook' },
)

export const WebhooksBody = Type.Object({ webhooks: Type.Array(WebhookBody) }, { title: 'Webhooks' })

export const WebhookSetBody = Type.Object(
  {
    webhooks: Type.Array(WebhookBody),
    secret: Nullable(
      Type.String({
        description: 'What messages are signed with, when it is new: it is shown this once.',
        examples: ['whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oDn1gqCnwqkQk='],
      }),
    ),
  },
  { title: 'WebhookSet' },
)

export const TestQuery = Input({
  scope: Type.Optional({ ...ScopeName, description: 'Of which service, where a key has both.' }),
})

export const DeliveryBody = Type.Object(
  {
    id: { ...Id, description: 'The `webhook-id` of every attempt.' },
    event: Type.String({ examples: ['submission.done'] }),
    scope: ScopeName,
    status: OneOf(...STATUSES),
    attempts: Type.Integer(),
    last_status: Nullable(Type.Integer({ description: 'What the receiver answered last.', examples: [503] })),
    last_error: Nullable(Type.String({ examples: ['The host did not answer within 10 s.'] })),
    created_at: Timestamp,
    last_attempt_at: Nullable(Timestamp),
    next_attempt_at: Nullable(Timestamp),
    delivered_at: Nullable(Timestamp),
  },
  { title: 'WebhookDelivery' },
)

export const DeliveryPage = PageOf(DeliveryBody, 'WebhookDeliveryPage')

export const DeliveryFilter = Input({ ...PageQuery, status: Type.Optional(OneOf(...STATUSES)) })

export function presentWebhook({ scope, url, events, createdAt, updatedAt }: Webhook): StaticOf<typeof WebhookBody> {
  return { scope, url, events, created_at: createdAt.toISOString(), updated_at: updatedAt.toISOString() }
}

export function presentDelivery(delivery: Delivery): StaticOf<typeof DeliveryBody> {
  return {
    id: delivery.id,
    event: delivery.event,
    scope: delivery.scope,
    status: delivery.status,
    attempts: delivery.attempts,
    last_status: delivery.lastStatus,
    last_error: delivery.lastError,
    created_at: delivery.createdAt.toISOString(),
    last_attempt_at: delivery.lastAttemptAt?.toISOString() ?? null,
    next_attempt_at: delivery.nextAttemptAt?.toISOString() ?? null,
    delivered_at: delivery.deliveredAt?.toISOString() ?? null,
  }
}
