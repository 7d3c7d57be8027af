import { afterAll, beforeAll, expect, test } from 'vitest'
import { createTenants } from '#features/access/index.ts'
import type { Chunk } from '#kernel/chunk.ts'
import { startApp, type TestApp } from '#test/app.ts'
import { build } from '#test/build.ts'
import { queryAsSuperuser } from '#test/database.ts'
import { findMaterial, markDone } from './store.ts'

let app: TestApp
let tenants = 0

beforeAll(async () => {
  app = await startApp()
})
afterAll(() => app.close())

async function newTenant(textQuota: number | null) {
  const name = `Школа ${++tenants}`
  const client = await app.as(name)
  const setQuota = (bytes: number | null) => createTenants(app.services).setQuotas(name, { textQuota: bytes })
  await setQuota(textQuota)
  return { client, name, setQuota, course: (await build.course(client)).id }
}
type Tenant = Awaited<ReturnType<typeof newTenant>>

const chunk = (text: string, heading: string[] = []): Chunk => ({
  order: 1,
  kind: 'paragraph',
  text,
  locator: { heading, paragraph: 1 },
})

async function add({ client, course }: Tenant, fields = ''): Promise<string> {
  const path = `/courses/${course}/materials?source_type=text&filename=a.txt${fields}`
  return (await client.request('POST', path, { body: 'х' })).body.id
}

/** The end of reading a material, as a worker does it. */
const finish = ({ client: { tenantId } }: Tenant, id: string, ...chunks: Chunk[]) =>
  app.services.db.forTenant(tenantId, async (tx) => {
    const material = await findMaterial(tx, id)
    const placed = chunks.map((one, index) => ({ ...one, order: index + 1 }))
    return material !== undefined && markDone(tx, { tenantId, material, title: null, chunks: placed })
  })

const used = async ({ client }: Tenant) => (await client.get('/me')).body.quota.text_bytes_used
const statusOf = async ({ client }: Tenant, id: string) => (await client.get(`/materials/${id}`)).body.status
const EXCEEDED = { kind: 'too_large', code: 'quota.text_exceeded' }

test('text counts in bytes, with the headings that stand with each piece', async () => {
  const tenant = await newTenant(null)
  await finish(tenant, await add(tenant), chunk('їжак', ['Ґ', 'ab']), { ...chunk('x'), locator: { page: 1 } })
  expect(await used(tenant)).toBe(8 + 2 + 2 + 1)
  expect((await tenant.client.get('/me')).body.quota.text_bytes_limit).toBeNull()
})

test('one byte too many keeps nothing', async () => {
  const tenant = await newTenant(7)
  const id = await add(tenant)
  await expect(finish(tenant, id, chunk('їжа'), chunk('ї'))).rejects.toMatchObject(EXCEEDED)
  expect([await used(tenant), await statusOf(tenant, id)]).toEqual([0, 'pending'])
  await tenant.setQuota(8)
  expect(await finish(tenant, id, chunk('їжа'), chunk('ї'))).toBe(true)
  expect([await used(tenant), await statusOf(tenant, id)]).toEqual([8, 'done'])
  // Run again, as after a kill: nothing counts twice.
  expect(await finish(tenant, id, chunk('їжак'))).toBe(true)
  expect(await used(tenant)).toBe(8)
})

test('of eight at once, as many are kept as fit, to the byte', async () => {
  const tenant = await newTenant(30)
  const ids = await Promise.all(Array.from({ length: 8 }, () => add(tenant)))
  const ends = await Promise.allSettled(ids.map((id) => finish(tenant, id, chunk('їжаки'))))
  for (const end of ends) if (end.status === 'rejected') expect(end.reason).toMatchObject(EXCEEDED)
  expect(ends.filter(({ status }) => status === 'fulfilled').length).toBe(3)
  expect(await used(tenant)).toBe(30)
  const rows = `SELECT count(*)::int AS count FROM material_chunks WHERE tenant_id = $1`
  expect(await queryAsSuperuser(app.database, rows, [tenant.client.tenantId])).toEqual([{ count: 3 }])
})

test('what is deleted gives its bytes back, even below a lowered quota', async () => {
  const tenant = await newTenant(null)
  const [one, two] = [await add(tenant), await add(tenant)]
  for (const id of [one, two]) await finish(tenant, id, chunk('їжаки'))
  await tenant.setQuota(0)
  expect((await tenant.client.delete(`/materials/${one}`)).status).toBe(204)
  expect(await used(tenant)).toBe(10)
  const { id: other } = await build.course(tenant.client)
  expect((await tenant.client.delete(`/courses/${tenant.course}`)).status).toBe(204)
  expect(await used(tenant)).toBe(0)
  await tenant.setQuota(10)
  const again = { ...tenant, course: other }
  expect(await finish(again, await add(again), chunk('їжаки'))).toBe(true)
  await createTenants(app.services).delete(tenant.name)
  const rows = `SELECT FROM storage_usage WHERE tenant_id = $1`
  expect(await queryAsSuperuser(app.database, rows, [tenant.client.tenantId])).toEqual([])
})

test('what is replaced makes room for what replaces it', async () => {
  const tenant = await newTenant(10)
  const old = await add(tenant)
  await finish(tenant, old, chunk('їжаки'))
  const next = await add(tenant, `&replaces=${old}`)
  await expect(finish(tenant, next, chunk('їжаки!'))).rejects.toMatchObject(EXCEEDED)
  expect([await used(tenant), await statusOf(tenant, old)]).toEqual([10, 'done'])
  expect(await finish(tenant, next, chunk('котик'))).toBe(true)
  expect([await used(tenant), (await tenant.client.get(`/materials/${old}`)).status]).toEqual([10, 404])
})

test('deleting courses and materials while others are finished waits for nothing twice', async () => {
  const tenant = await newTenant(null)
  for (let round = 0; round < 5; round += 1) {
    const { id: course } = await build.course(tenant.client)
    const own = { ...tenant, course }
    const old = await add(own)
    await finish(own, old, chunk('їжаки'))
    const next = await add(own, `&replaces=${old}`)
    const third = await add(own)
    const work = [
      finish(own, next, ...Array.from({ length: 500 }, () => chunk('котик'))),
      finish(own, third, chunk('їжаки')),
      round % 2 === 0 ? tenant.client.delete(`/materials/${old}`) : tenant.client.delete(`/courses/${course}`),
    ]
    for (const end of await Promise.allSettled(work)) expect(end.status).toBe('fulfilled')
  }
  const accounts = `SELECT text_bytes::int AS account, (SELECT coalesce(sum(octet_length(text)), 0)::int FROM material_chunks
    WHERE tenant_id = $1) AS kept FROM storage_usage WHERE tenant_id = $1`
  const [row] = await queryAsSuperuser<{ account: number; kept: number }>(app.database, accounts, [
    tenant.client.tenantId,
  ])
  expect(row?.account).toBe(row?.kept)
})

test('a chunk cannot be changed', async () => {
  const tenant = await newTenant(null)
  const id = await add(tenant)
  await finish(tenant, id, chunk('їжаки'))
  const change = app.services.db.forTenant(tenant.client.tenantId, (tx) =>
    tx.updateTable('material_chunks').set({ text: 'x' }).where('material_id', '=', id).execute(),
  )
  await expect(change).rejects.toMatchObject({ code: '42501' })
})
