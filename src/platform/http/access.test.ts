import { Type } from 'typebox'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Failure } from '#kernel/failure.ts'
import { CALLER, startBareServer } from '#test/bare-server.ts'
import type { Capability } from './api.ts'

const HOLDER = { tenantId: 'tenant-of-the-token' }

const capability: Capability = {
  admit({ query }) {
    const { token } = query as { token?: string }
    if (token === 'wrong') throw new Failure('unauthenticated', 'token.wrong', 'Wrong.')
    return token === undefined ? undefined : HOLDER
  },
}

let server: Awaited<ReturnType<typeof startBareServer>>
beforeAll(async () => {
  server = await startBareServer((api) => {
    const schema = { response: { 200: Type.Object({ tenant: Type.String() }) } }
    for (const [path, access] of [
      ['/with', { access: 'prep', capability }],
      ['/without', { access: 'prep' }],
      ['/open', { access: 'unlimited' }],
    ] as const) {
      api.get(path, { schema, config: access }, async ({ bearer }) => ({ tenant: bearer.tenantId }))
    }
  })
})
afterAll(() => server.close())

test.each([
  ['/with?token=right', {}, 200, HOLDER.tenantId],
  ['/with?token=wrong', {}, 401, undefined],
  ['/with', {}, 200, CALLER.tenantId],
  // With a key nobody looks at the token.
  ['/with?token=wrong', { 'x-api-key': 'key' }, 200, CALLER.tenantId],
  ['/without?token=right', {}, 200, CALLER.tenantId],
  // Nobody was let in: that is a defect of the route.
  ['/open', {}, 500, undefined],
])('%s with %j is answered %i, as %s', async (path, headers, status, tenant) => {
  const response = await fetch(server.url + path, { headers: headers as Record<string, string> })
  const body = (await response.json()) as { tenant?: string }
  expect([response.status, body.tenant]).toEqual([status, tenant])
})
