import { type Api, type Once, pageRequest } from '#platform/http/index.ts'
import { eventScopeMissing, webhookNotFound } from '../failures.ts'
import { DeliveryBody, DeliveryFilter, DeliveryPage, presentDelivery, TestQuery } from '../schemas.ts'
import type { Delivery } from '../webhook.ts'
import type { createWebhooks } from '../webhooks.ts'

type Deps = { webhooks: ReturnType<typeof createWebhooks>; once: Once }

export function testWebhookRoute(api: Api, { webhooks, once }: Deps) {
  api.post(
    '/webhook/test',
    {
      schema: {
        operationId: 'testWebhook',
        summary: 'Send a test event',
        description:
          'Sends `webhook.test`, signed as every other. What became of it is in `GET /webhook/deliveries`. A key of both services tests that of `check`, if there is one; `scope` chooses.',
        tags: ['webhooks'],
        querystring: TestQuery,
        response: { 202: DeliveryBody },
      },
      config: { access: 'any', idempotent: true, failures: [webhookNotFound, eventScopeMissing] },
    },
    (request, reply) =>
      once<Delivery>(request, reply, {
        work: (settle) => webhooks.test(request.caller, request.query.scope, settle),
        answer: (delivery) => ({ status: 202, body: presentDelivery(delivery) }),
      }),
  )
}

export function listDeliveriesRoute(api: Api, { webhooks }: Deps) {
  api.get(
    '/webhook/deliveries',
    {
      schema: {
        operationId: 'listWebhookDeliveries',
        summary: 'What was sent or is to be, newest first',
        description: "Of the key's own scopes, for 30 days.",
        tags: ['webhooks'],
        querystring: DeliveryFilter,
        response: { 200: DeliveryPage },
      },
      config: { access: 'any' },
    },
    async ({ caller, query }) => {
      const { items, nextCursor } = await webhooks.deliveries(caller, pageRequest(query), query.status)
      return { items: items.map(presentDelivery), next_cursor: nextCursor }
    },
  )
}
