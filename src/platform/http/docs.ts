import swaggerUi from '@fastify/swagger-ui'
import { Type } from 'typebox'
import type { Api } from './api.ts'

/** Swagger UI at `/docs` and the document itself at `/openapi.json`. */
export async function serveDocs(app: Api) {
  await app.register(async (scope) => {
    // The library's own routes cannot carry our declaration.
    scope.addHook('onRoute', (route) => {
      route.config = { ...route.config, access: 'public' }
    })
    await scope.register(swaggerUi, {
      routePrefix: '/docs',
      // No bar of the library's own; a key that was typed in is forgotten with the page.
      uiConfig: {
        layout: 'BaseLayout',
        persistAuthorization: false,
        tryItOutEnabled: true,
        displayRequestDuration: true,
      },
      staticCSP: true,
    })
  })
  app.get(
    '/openapi.json',
    {
      schema: {
        operationId: 'getOpenApi',
        summary: 'This document',
        tags: ['service'],
        response: { 200: Type.Unknown() },
      },
      config: { access: 'public' },
    },
    async (_request, reply) => reply.type('application/json').serializer(JSON.stringify).send(app.swagger()),
  )
}
