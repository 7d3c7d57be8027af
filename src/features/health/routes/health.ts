import { Type } from 'typebox'
import { type Api, OneOf } from '#platform/http/index.ts'
import type { createHealth } from '../probes.ts'

const HealthBody = Type.Object(
  { status: OneOf('ok', 'degraded'), db: OneOf('ok', 'error'), s3: OneOf('ok', 'error') },
  { title: 'Health', examples: [{ status: 'ok', db: 'ok', s3: 'ok' }] },
)

const Alive = Type.Object({ status: OneOf('ok') }, { title: 'Alive' })

const Readiness = Type.Object({ status: OneOf('ok', 'stopping', 'degraded') }, { title: 'Readiness' })

type Deps = { health: ReturnType<typeof createHealth>; isStopping: () => boolean }

export function healthRoutes(api: Api, { health, isStopping }: Deps) {
  api.get(
    '/health',
    {
      schema: {
        operationId: 'getHealth',
        summary: 'Whether the service and its parts work',
        tags: ['service'],
        response: { 200: HealthBody, 503: HealthBody },
      },
      config: { access: 'public' },
    },
    async (_request, reply) => {
      const found = await health.check()
      return reply.code(found.status === 'ok' ? 200 : 503).send(found)
    },
  )
  api.get(
    '/health/live',
    {
      schema: {
        operationId: 'getLiveness',
        summary: 'Whether this process is alive',
        tags: ['service'],
        response: { 200: Alive },
      },
      config: { access: 'unlimited' },
    },
    async () => ({ status: 'ok' as const }),
  )
  api.get(
    '/health/ready',
    {
      schema: {
        operationId: 'getReadiness',
        summary: 'Whether this process wants traffic',
        description: 'An outage of the storage does not make it unready: most operations need only the database.',
        tags: ['service'],
        response: { 200: Readiness, 503: Readiness },
      },
      config: { access: 'unlimited' },
    },
    async (_request, reply) => {
      if (isStopping()) return reply.code(503).send({ status: 'stopping' })
      const { db } = await health.check()
      return db === 'ok' ? { status: 'ok' as const } : reply.code(503).send({ status: 'degraded' })
    },
  )
}
