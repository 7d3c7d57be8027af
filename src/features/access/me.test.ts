import { afterAll, beforeAll, expect, test } from 'vitest'
import { newId } from '#platform/ids/index.ts'
import { startApp, type TestApp } from '#test/app.ts'
import { build } from '#test/build.ts'
import { createTenants } from './index.ts'

let app: TestApp

beforeAll(async () => {
  app = await startApp()
})
afterAll(() => app.close())

test.each([[['prep']], [['check']], [['prep', 'check']]] as ('prep' | 'check')[][][])(
  'a key with %j is told who it is and what it may do',
  async (scopes) => {
    const client = await app.as('Академія', scopes, { prep: 7, check: 11 })
    const { status, headers, body } = await client.get('/me')
    expect(status).toBe(200)
    expect(body).toEqual({
      tenant: { id: client.tenantId, name: 'Академія' },
      key: { prefix: client.key.slice(0, 12), label: null, scopes, expires_at: null },
      limits: { prep: 7, check: 11 },
      quota: { storage_bytes_used: 0, storage_bytes_limit: null },
      budget: { limit_usd: null, spent_usd: '0', reserved_usd: '0' },
    })
    const [charged, limit] = scopes.includes('check') ? ['check', 11] : ['prep', 7]
    expect(headers.get('ratelimit-policy')).toBe(`"${charged}";q=${limit};w=60`)
  },
)

test('label and end of a key are shown', async () => {
  await app.as('Видавець')
  const expiresAt = new Date('2999-01-31T23:59:59.999Z')
  const order = { tenant: 'Видавець', scopes: ['prep' as const], label: 'production', expiresAt }
  const { key } = await createTenants({ db: app.services.db }).issueKey(order)
  const { body } = await app.anonymous.get('/me', { 'x-api-key': key })
  expect(body.key).toMatchObject({ label: 'production', expires_at: expiresAt.toISOString() })
})

test('what is stored and spent is its tenant’s own', async () => {
  const [acme, rival] = [await app.as('Школа'), await app.as('Суперник')]
  const { id } = await build.course(acme)
  await build.material(acme, id, { text: 'Тринадцять' })
  const call = {
    action: 'structure',
    provider: 'gemini',
    model: 'flash',
    succeeded: true,
    tokens_in: '1',
    tokens_out: '1',
  }
  const row = { ...call, id: newId(), tenant_id: acme.tenantId, cost_nano_usd: '1250000001', latency_ms: 5 }
  await app.services.db.forTenant(acme.tenantId, (tx) => tx.insertInto('llm_calls').values(row).execute())
  expect((await acme.get('/me')).body).toMatchObject({
    quota: { storage_bytes_used: 20 },
    budget: { spent_usd: '1.250000001' },
  })
  expect((await rival.get('/me')).body).toMatchObject({ quota: { storage_bytes_used: 0 }, budget: { spent_usd: '0' } })
})
