import type { Scope } from '#kernel/caller.ts'

/** Everything a tenant can be told of, and the service that it belongs to. */
export const EVENTS = {
  'material.done': 'prep',
  'material.error': 'prep',
  'structure.done': 'prep',
  'structure.error': 'prep',
  'submission.done': 'check',
  'submission.needs_review': 'check',
  'submission.rejected': 'check',
} as const satisfies Record<string, Scope>

export type WebhookEvent = keyof typeof EVENTS

export const EVENT_NAMES = Object.keys(EVENTS) as WebhookEvent[]

/** What `POST /webhook/test` sends, whatever was subscribed to. */
export const TEST_EVENT = 'webhook.test'
