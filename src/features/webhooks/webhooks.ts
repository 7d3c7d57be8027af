import type { Caller, Scope } from '#kernel/caller.ts'
import { invalid } from '#kernel/failure.ts'
import type { Page, PageRequest } from '#kernel/page.ts'
import type { Database, TenantTx } from '#platform/db/database.ts'
import type { Settle } from '#platform/db/settle.ts'
import { newId } from '#platform/ids/index.ts'
import { type Cursors, toPage } from '#platform/paging/index.ts'
import type { Seal } from '#platform/seal/index.ts'
import { type Reach, requireUrl, WebError } from '#platform/web/index.ts'
import * as deliveries from './deliveries-store.ts'
import { EVENTS, TEST_EVENT, type WebhookEvent } from './events.ts'
import { eventScopeMissing, webhookNotFound } from './failures.ts'
import { newSecret } from './signing.ts'
import type { Delivery, DeliveryStatus, SealedWebhook, Webhook } from './webhook.ts'
import * as store from './webhooks-store.ts'

type Deps = {
  db: Pick<Database, 'forTenant'>
  cursors: Cursors
  seal: Seal
  /** Whether plain http will do. */
  allowHttp: boolean
  /** Where messages may go. */
  reach: Reach
}

type Wish = { url: string; events: WebhookEvent[]; rotateSecret: boolean }

/** What a service's secret is sealed with: on another's row it does not open. */
export const about = (tenantId: string, scope: Scope) => `${tenantId} ${scope}`

/**
 * Where a tenant's services want to be told. Each service has a webhook of its own: a key sets, sees and removes those of its own scopes and
 * touches no other. Throws the Failures `webhook.not_found`, `auth.scope_missing` and a wrong `url`.
 */
export function createWebhooks({ db, cursors, seal, allowHttp, reach }: Deps) {
  const read = async (tx: TenantTx, { scopes }: Caller) => requireSome(await store.findWebhooks(tx, scopes))

  return {
    /** `secret`: a new one, shown this once; null when the one that is known goes on. */
    put: async (caller: Caller, { url, events, rotateSecret }: Wish) => {
      const { tenantId, scopes } = caller
      const foreign = events.find((event) => !scopes.includes(EVENTS[event]))
      if (foreign !== undefined) throw eventScopeMissing(EVENTS[foreign])
      const address = addressOf(url)
      return db.forTenant(tenantId, async (tx): Promise<{ webhooks: Webhook[]; secret: string | null }> => {
        await store.lockWebhooks(tx, tenantId)
        const known = rotateSecret ? null : commonSecret(tenantId, await store.findWebhooks(tx, scopes))
        const secret = known ?? newSecret()
        for (const scope of scopes) {
          const own = [...new Set(events)].filter((event) => EVENTS[event] === scope)
          if (own.length === 0) await store.deleteWebhook(tx, scope)
          else {
            const sealed = seal.seal(secret, about(tenantId, scope))
            await store.putWebhook(tx, { tenantId, scope, url: address, events: own, secret: sealed })
          }
        }
        return { webhooks: await read(tx, caller), secret: known === null ? secret : null }
      })
    },
    find: (caller: Caller): Promise<Webhook[]> => db.forTenant(caller.tenantId, (tx) => read(tx, caller)),
    remove: ({ tenantId, scopes }: Caller) =>
      db.forTenant(tenantId, async (tx) => {
        await store.lockWebhooks(tx, tenantId)
        let removed = false
        for (const scope of scopes) removed = (await store.deleteWebhook(tx, scope)) || removed
        if (!removed) throw webhookNotFound()
      }),
    /** Sends a test event to the webhook of this service; of no service in particular, to the key's first that has one. */
    test: (caller: Caller, scope: Scope | undefined, settle: Settle<Delivery>): Promise<Delivery> => {
      const { tenantId, scopes } = caller
      if (scope !== undefined && !scopes.includes(scope)) throw eventScopeMissing(scope)
      return db.forTenant(tenantId, async (tx) => {
        const [webhook] = requireSome(await store.findWebhooks(tx, scope === undefined ? scopes : [scope]))
        const id = newId()
        const data = { message: 'This is a test.', service: webhook.scope }
        const payload = { type: TEST_EVENT, timestamp: new Date().toISOString(), data }
        const message = { id, tenantId, event: TEST_EVENT, scope: webhook.scope, payload, studentId: null }
        await deliveries.addDelivery(tx, message, { always: true })
        const delivery = await deliveries.findDelivery(tx, id)
        if (delivery === undefined) throw webhookNotFound()
        await settle(tx, delivery)
        return delivery
      })
    },
    deliveries: (
      { tenantId, scopes }: Caller,
      { limit, cursor }: PageRequest,
      status?: DeliveryStatus,
    ): Promise<Page<Delivery>> =>
      db.forTenant(tenantId, async (tx) => {
        const list = ['webhook deliveries', tenantId, scopes.toSorted().join(' '), status ?? '']
        const before = cursor === undefined ? undefined : cursors.decode(list, cursor)
        const rows = await deliveries.listDeliveries(tx, { scopes, status, limit: limit + 1, before })
        return toPage(rows, limit, ({ id }) => cursors.encode(list, id))
      }),
  }

  /** What the receiver has, if that is one secret; null when there is none, or there are several and nobody could tell which. */
  function commonSecret(tenantId: string, webhooks: SealedWebhook[]): string | null {
    const secrets = new Set(webhooks.map(({ scope, secret }) => seal.open(secret, about(tenantId, scope))))
    const [secret] = secrets
    return secrets.size === 1 && secret !== undefined ? secret : null
  }

  /** As it will be asked for, so that what is shown, checked and called is one and the same. */
  function addressOf(text: string): string {
    const url = parsed(text, reach)
    if (url.href.includes('#')) throw invalid('url', 'The URL must not contain a fragment (#).')
    if (!allowHttp && url.protocol !== 'https:') throw invalid('url', 'The URL must start with https://.')
    return url.href
  }
}

function parsed(text: string, reach: Reach): URL {
  try {
    // What was within bounds as it was written may not be when its letters are encoded.
    return requireUrl(requireUrl(text, { reach }).href, { reach })
  } catch (error) {
    throw error instanceof WebError ? invalid('url', error.message) : error
  }
}

function requireSome(webhooks: SealedWebhook[]): [SealedWebhook, ...SealedWebhook[]] {
  const [first, ...rest] = webhooks
  if (first === undefined) throw webhookNotFound()
  return [first, ...rest]
}
