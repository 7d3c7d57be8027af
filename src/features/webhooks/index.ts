import type { Database } from '#platform/db/database.ts'
import type { Api, Once } from '#platform/http/index.ts'
import type { Log } from '#platform/log/index.ts'
import type { Cursors } from '#platform/paging/index.ts'
import { createSeal } from '#platform/seal/index.ts'
import type { Reach, WebPoster } from '#platform/web/index.ts'
import { createCourier } from './courier.ts'
import { pruneDeliveries } from './deliveries-store.ts'
import { listDeliveriesRoute, testWebhookRoute } from './routes/deliveries.ts'
import { deleteWebhookRoute, getWebhookRoute, putWebhookRoute } from './routes/webhook.ts'
import { createWebhooks } from './webhooks.ts'

export { type Announcement, announce } from './announce.ts'
export type { WebhookEvent } from './events.ts'

type ApiDeps = {
  db: Pick<Database, 'forTenant'>
  cursors: Cursors
  once: Once
  /** Seals the secrets that messages are signed with. */
  secret: Uint8Array
  /** Whether plain http will do. */
  allowHttp: boolean
  /** Where messages may go. */
  reach: Reach
}

const sealOf = (secret: Uint8Array) => createSeal(secret, 'webhook')

/** Where tenants want to be told of what happens, and what they were told. */
export function webhooksFeature({ secret, once, ...deps }: ApiDeps) {
  const webhooks = createWebhooks({ ...deps, seal: sealOf(secret) })
  return {
    routes(api: Api) {
      for (const route of [putWebhookRoute, getWebhookRoute, deleteWebhookRoute]) route(api, { webhooks })
      for (const route of [testWebhookRoute, listDeliveriesRoute]) route(api, { webhooks, once })
    },
  }
}

type WorkDeps = { db: Pick<Database, 'forTenant' | 'asOperator'>; poster: WebPoster; secret: Uint8Array; log: Log }

const KEPT_DAYS = 30
const PRUNED_AT_ONCE = 5_000

/** The background half: delivering, and forgetting what is old. */
export function webhooksWork({ db, poster, secret, log }: WorkDeps) {
  return {
    courier: createCourier({ db, poster, seal: sealOf(secret), log }),
    /** Deletes messages that are older than 30 days. */
    async prune(signal: AbortSignal) {
      for (let pruned = PRUNED_AT_ONCE; pruned === PRUNED_AT_ONCE && !signal.aborted; ) {
        pruned = await db.asOperator('forgets old webhooks', (tx) =>
          pruneDeliveries(tx, { days: KEPT_DAYS, limit: PRUNED_AT_ONCE }),
        )
      }
    },
  }
}
