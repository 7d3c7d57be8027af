import { type Api, Empty } from '#platform/http/index.ts'
import { eventScopeMissing, webhookNotFound } from '../failures.ts'
import { presentWebhook, WebhookSetBody, WebhooksBody, WebhookWish } from '../schemas.ts'
import type { createWebhooks } from '../webhooks.ts'

type Deps = { webhooks: ReturnType<typeof createWebhooks> }

export function putWebhookRoute(api: Api, { webhooks }: Deps) {
  api.put(
    '/webhook',
    {
      schema: {
        operationId: 'putWebhook',
        summary: 'Say where to send events, and which',
        description:
          'Each service (`prep`, `check`) has a webhook of its own: a key replaces those of its own scopes, together, and leaves the other as it is. Events of a scope that the key lacks are a 403. `events` is the whole list: what is not in it is no longer sent, and a service without an event in it loses its webhook. The first time, and with `rotate_secret`, the answer has the secret that messages are signed with (Standard Webhooks); it is never shown again.',
        tags: ['webhooks'],
        body: WebhookWish,
        response: { 200: WebhookSetBody },
      },
      config: { access: 'any', failures: [eventScopeMissing] },
    },
    async ({ caller, body: { url, events, rotate_secret: rotateSecret = false } }) => {
      const set = await webhooks.put(caller, { url, events, rotateSecret })
      return { webhooks: set.webhooks.map(presentWebhook), secret: set.secret }
    },
  )
}

export function getWebhookRoute(api: Api, { webhooks }: Deps) {
  api.get(
    '/webhook',
    {
      schema: {
        operationId: 'getWebhook',
        summary: 'Where events are sent, and which',
        description: "Of the key's own scopes, without the secret.",
        tags: ['webhooks'],
        response: { 200: WebhooksBody },
      },
      config: { access: 'any', failures: [webhookNotFound] },
    },
    async ({ caller }) => ({ webhooks: (await webhooks.find(caller)).map(presentWebhook) }),
  )
}

export function deleteWebhookRoute(api: Api, { webhooks }: Deps) {
  api.delete(
    '/webhook',
    {
      schema: {
        operationId: 'deleteWebhook',
        summary: 'Send no more events',
        description: "Of the key's own scopes. What still waits to be sent fails.",
        tags: ['webhooks'],
        response: { 204: Empty },
      },
      config: { access: 'any', failures: [webhookNotFound] },
    },
    async ({ caller }, reply) => {
      await webhooks.remove(caller)
      return reply.code(204).send(null)
    },
  )
}
