import { afterAll, beforeAll, expect, test } from 'vitest'
import { startApp, type TestApp } from '#test/app.ts'
import { build } from '#test/build.ts'
import { createClient } from '#test/client.ts'
import { createTenants } from './index.ts'

let app: TestApp

beforeAll(async () => {
  app = await startApp()
})
afterAll(() => app.close())

const tenants = () => createTenants({ db: app.services.db })
const statusOf = async (key: string) => (await createClient(app.url, key).get('/me')).status

test('a key learns whose it is and what it may do', async () => {
  const { id } = await tenants().create('Академія')
  const expiresAt = new Date('2099-12-31T23:59:59.999Z')
  const order = { tenant: 'Академія', label: 'виробництво', environment: 'test' as const, expiresAt }
  const { key, prefix } = await tenants().issueKey({ ...order, scopes: ['prep'], ratePrep: 7 })
  const client = createClient(app.url, key)
  const course = await build.course(client)
  await build.material(client, course.id, { text: 'їжак' })
  const { body } = await client.get('/me')
  expect(body).toEqual({
    tenant: { id, name: 'Академія' },
    key: { prefix, label: 'виробництво', scopes: ['prep'], expires_at: expiresAt.toISOString() },
    limits: { prep: 7, check: 300 },
    quota: {
      ...{ storage_bytes_used: 8, storage_bytes_limit: 20 * 1024 ** 3 },
      ...{ text_bytes_used: 0, text_bytes_limit: 1024 ** 3 },
    },
    budget: { limit_usd: '10', spent_usd: '0', reserved_usd: '0' },
  })
  await tenants().setQuota('Академія', null)
  expect((await client.get('/me')).body.quota.storage_bytes_limit).toBeNull()
  expect(key).toMatch(/^cs_test_[0-9a-f]{32}$/)
  expect(key.startsWith(prefix)).toBe(true)
})

test('a change of a tenant or a key is felt by the next request', async () => {
  await tenants().create('Школа')
  const { key, id } = await tenants().issueKey({ tenant: 'Школа', scopes: ['check'] })
  expect(await statusOf(key)).toBe(200)
  await tenants().setActive('Школа', false)
  expect(await statusOf(key)).toBe(401)
  await tenants().setActive('Школа', true)
  expect(await statusOf(key)).toBe(200)
  const { issued } = await tenants().rotateKey(id, 60_000)
  expect([await statusOf(key), await statusOf(issued.key)]).toEqual([200, 200])
  await tenants().revokeKey({ id })
  expect([await statusOf(key), await statusOf(issued.key)]).toEqual([401, 200])
  await tenants().delete('Школа')
  expect(await statusOf(issued.key)).toBe(401)
})

test.each([
  'cs_live_',
  'cs_live_XYZ',
  `CS_LIVE_${'0'.repeat(32)}`,
  `cs_live_${'0'.repeat(31)}`,
  `cs_live_${'0'.repeat(33)}`,
  "' OR true --",
  'x'.repeat(5_000),
])('what has not the form of a key is no key: %s', async (key) => {
  const { status, body } = await createClient(app.url, key).get('/me')
  expect([status, body.code]).toEqual([401, 'auth.key_invalid'])
})

test('the database keeps no key, only what it can be known again by', async () => {
  await tenants().create('Обережні')
  const { key } = await tenants().issueKey({ tenant: 'Обережні', scopes: ['prep'] })
  const rows = await app.services.db.asOperator('look at keys', (tx) => tx.selectFrom('api_keys').selectAll().execute())
  expect(JSON.stringify(rows)).not.toContain(key.slice(12))
})
