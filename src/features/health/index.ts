import type { Api } from '#platform/http/index.ts'
import { createHealth } from './probes.ts'
import { healthRoutes } from './routes/health.ts'

type Deps = Parameters<typeof createHealth>[0] & { isStopping: () => boolean }

/** `/health` for people and pingers, `/health/live` and `/health/ready` for whatever runs the container. */
export function healthFeature({ isStopping, ...probes }: Deps) {
  const health = createHealth(probes)
  return { routes: (api: Api) => healthRoutes(api, { health, isStopping }) }
}
