import swaggerUi from '@fastify/swagger-ui'
import { Type } from 'typebox'
import type { Api } from './api.ts'

// The library's own policy would always upgrade: over plain http, under any name but this machine's, the page then asks for its scripts where
// nobody answers, and stays white.
const POLICY = [
  "default-src 'self'",
  "base-uri 'self'",
  "font-src 'self' data:",
  "frame-ancestors 'none'",
  "img-src 'self' data:",
  "object-src 'none'",
  "script-src 'self'",
  "script-src-attr 'none'",
  "style-src 'self'",
].join('; ')

/** Swagger UI at `/docs`, the document itself at `/openapi.json`, and at `/` where to find them. */
export async function serveDocs(app: Api) {
  await app.register(async (scope) => {
    // The library's own routes cannot carry our declaration.
    scope.addHook('onRoute', (route) => {
      route.config = { ...route.config, access: 'public' }
    })
    scope.addHook('onRequest', async ({ protocol }, reply) => {
      reply.header('content-security-policy', protocol === 'https' ? `${POLICY}; upgrade-insecure-requests` : POLICY)
    })
    await scope.register(swaggerUi, {
      routePrefix: '/docs',
      // No bar of the library's own; a key that was typed in is forgotten with the page; nobody else is asked whether the document is good.
      uiConfig: {
        layout: 'BaseLayout',
        persistAuthorization: false,
        tryItOutEnabled: true,
        displayRequestDuration: true,
        validatorUrl: null,
      },
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
  app.get(
    '/',
    {
      schema: {
        operationId: 'getRoot',
        summary: 'Where to begin',
        tags: ['service'],
        response: { 200: Root },
      },
      config: { access: 'public' },
    },
    async () => ROOT,
  )
}

const ROOT = { api: '/api/v1', docs: '/docs', openapi: '/openapi.json', health: '/health' }

const Root = Type.Object(
  { api: Type.String(), docs: Type.String(), openapi: Type.String(), health: Type.String() },
  { title: 'Root', examples: [ROOT] },
)
