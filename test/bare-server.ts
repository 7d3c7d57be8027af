import type { Caller } from '#kernel/caller.ts'
import { type Api, closeServer, createServer, type ServerOptions } from '#platform/http/index.ts'
import { newId } from '#platform/ids/index.ts'
import { capturedLog } from './log.ts'

export const CALLER: Caller = {
  tenantId: newId(),
  tenantName: 'Академія',
  keyId: newId(),
  keyPrefix: 'cs_live_0123',
  keyLabel: null,
  scopes: ['prep', 'check'],
  limits: { prep: 60, check: 300 },
  expiresAt: null,
}

const OPEN_RATE = { accepted: true, limit: 60, left: 59, resetSeconds: 60, retryAfterSeconds: 0 }

/** The server without the product: everyone is let in, the routes are the test's own. */
export async function startBareServer(addRoutes: (api: Api) => void, options: Partial<ServerOptions> = {}) {
  const { log, lines } = await capturedLog()
  const { api, inventory } = await createServer({
    log,
    newId,
    gate: {
      admit: async () => ({ caller: CALLER, policy: 'prep', rate: OPEN_RATE }),
      admitPublic: async () => OPEN_RATE,
    },
    trustedProxies: [],
    corsOrigins: [],
    description: { title: 'T', version: '1', description: 'T', tags: [], keyFailures: [] },
    ...options,
  })
  addRoutes(api)
  await api.ready()
  const url = await api.listen({ host: '127.0.0.1', port: 0, listenTextResolver: () => 'listening' })
  return { api, inventory, url, logged: lines, close: (graceMs = 1_000) => closeServer(api, graceMs) }
}
