import type { Database } from '#platform/db/database.ts'
import type { Api } from '#platform/http/index.ts'
import { createGuessThrottle, createWindowLimiter, type Limiter } from '#platform/limits/index.ts'
import { createGate } from './gate.ts'
import { meRoute } from './routes/me.ts'
import { findKey } from './store.ts'

export { KEY_FAILURES } from './failures.ts'
export type { ApiKey } from './store.ts'
export { createTenants, type IssuedKey, type KeyOrder } from './tenants.ts'

type Deps = {
  db: Pick<Database, 'statement'>
  /** Counts requests across processes when there are several; this process's memory otherwise. */
  sharedLimiter?: Limiter
  now: () => number
}

const WINDOW = 60_000

// Bounds of memory. Tenants cannot be made up by a stranger, so their bound only guards against a defect: at 2 scopes each it is
// 50 000 tenants. Addresses can, so theirs is what we are willing to spend (about 100 bytes each).
const MAX_WINDOWS = 100_000
const MAX_ADDRESSES = 100_000
const MAX_RATE = 100_000

/** Who enters: keys, scopes and limits. `routes` adds `GET /me`. */
export function accessFeature({ db, sharedLimiter, now }: Deps) {
  const own = createWindowLimiter({ windowMs: WINDOW, now, maxKeys: MAX_WINDOWS, maxPerKey: MAX_RATE })
  const byAddress = createWindowLimiter({
    windowMs: WINDOW,
    now,
    maxKeys: MAX_ADDRESSES,
    maxPerKey: 1_000,
    overflow: 'evict-oldest',
  })
  const throttle = createGuessThrottle({
    now,
    maxRefused: 20,
    windowMs: WINDOW,
    maxAddresses: MAX_ADDRESSES,
    maxAccepted: MAX_WINDOWS,
    rememberMs: 60 * WINDOW,
  })
  return {
    gate: createGate({
      findKey: (hash) => findKey(db, hash),
      throttle,
      limiter: sharedLimiter ?? own,
      publicLimiter: byAddress,
    }),
    routes: (api: Api, deps: Parameters<typeof meRoute>[1]) => meRoute(api, deps),
    close: () => {
      own.close()
      byAddress.close()
    },
  }
}
