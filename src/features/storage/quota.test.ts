import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createTenants } from '#features/access/index.ts'
import { emptyDiscarded } from '#features/materials/index.ts'
import { newId } from '#platform/ids/index.ts'
import { startApp, type TestApp } from '#test/app.ts'
import { build } from '#test/build.ts'
import { queryAsSuperuser } from '#test/database.ts'
import { form } from '#test/form.ts'
import { keptFiles } from '#test/kept-files.ts'
import { openRequest } from '#test/open-request.ts'
import { dropExpiredUploads } from './index.ts'

const SIZE = 50_000
const BYTES = Buffer.alloc(SIZE, 'ї')

let app: TestApp

beforeAll(async () => {
  app = await startApp({ maxConcurrentUploads: 64 })
})
afterAll(() => app.close())

let tenants = 0

/** A tenant with a course and a quota. */
async function newTenant(quota: number | null) {
  const name = `Школа ${++tenants}`
  const client = await app.as(name)
  const setQuota = (bytes: number | null) => createTenants(app.services).setQuota(name, bytes)
  await setQuota(quota)
  return { client, name, setQuota, course: (await build.course(client)).id }
}
type Tenant = Awaited<ReturnType<typeof newTenant>>

type Dress = 'raw' | 'stream' | 'form'

function upload({ client, course }: Tenant, dress: Dress = 'raw', bytes: Uint8Array = BYTES) {
  const file = form({ name: 'source_type', content: 'text' }, { name: 'file', filename: 'а.txt', content: bytes })
  const body = dress === 'raw' ? bytes : new Blob([bytes]).stream()
  const query = dress === 'form' ? '' : '?source_type=text&filename=a.txt'
  return client.request('POST', `/courses/${course}/materials${query}`, dress === 'form' ? file : { body })
}

const used = async ({ client }: Tenant) => (await client.get('/me')).body.quota.storage_bytes_used

/** Every tenant's account beside what its tables say it should be; only those that differ. */
const wrongAccounts = () =>
  queryAsSuperuser(
    app.database,
    `SELECT * FROM (
       SELECT t.name, coalesce(s.used_bytes, 0) AS used, coalesce(s.reserved_bytes, 0) AS reserved,
         (SELECT coalesce(sum(size_bytes), 0) FROM materials WHERE tenant_id = t.id) AS stored,
         (SELECT coalesce(sum(reserved_bytes), 0) FROM uploads WHERE tenant_id = t.id) AS promised
       FROM tenants t LEFT JOIN storage_usage s ON s.tenant_id = t.id) AS accounts
     WHERE used <> stored OR reserved <> promised`,
  )

describe.each<Dress>(['raw', 'stream', 'form'])('%s', (dress) => {
  test('of eight at once, as many are stored as fit, to the byte', async () => {
    const tenant = await newTenant(3 * SIZE)
    const answers = await Promise.all(Array.from({ length: 8 }, () => upload(tenant, dress)))
    expect(answers.map(({ status }) => status).toSorted()).toEqual([201, 201, 201, 413, 413, 413, 413, 413])
    for (const { status, body } of answers) if (status === 413) expect(body.code).toBe('quota.exceeded')
    expect(await used(tenant)).toBe(3 * SIZE)
    expect(await wrongAccounts()).toEqual([])
    const own = (await keptFiles(app)).filter((file) => file.startsWith(tenant.client.tenantId))
    expect(own.length).toBe(3)
  })

  test('one byte too many is one too many', async () => {
    const tenant = await newTenant(SIZE - 1)
    expect((await upload(tenant, dress)).body.code).toBe('quota.exceeded')
    await tenant.setQuota(SIZE)
    expect((await upload(tenant, dress)).status).toBe(201)
    expect((await upload(tenant, dress, Buffer.from('x'))).body.code).toBe('quota.exceeded')
    expect((await upload(tenant, dress, Buffer.from(''))).status).toBe(201)
  })
})

test('what is on its way counts as soon as it is declared, until it is cut', async () => {
  const tenant = await newTenant(2 * SIZE)
  const { client, course } = tenant
  const url = `${app.url}/api/v1/courses/${course}/materials?source_type=text&filename=a.txt`
  const head = { 'x-api-key': client.key, 'content-length': SIZE + 1 }
  const first = openRequest(url, head)
  await expect.poll(() => promised(tenant), { timeout: 10_000 }).toBe(SIZE + 1)
  expect((await upload(tenant)).body.code).toBe('quota.exceeded')
  expect(await used(tenant)).toBe(0)
  first.cut()
  await expect.poll(() => promised(tenant), { timeout: 10_000 }).toBe(0)
  expect((await upload(tenant)).status).toBe(201)
})

async function promised({ client }: Tenant): Promise<number> {
  const sum = 'SELECT reserved_bytes::int AS bytes FROM storage_usage WHERE tenant_id = $1'
  const [row] = await queryAsSuperuser<{ bytes: number }>(app.database, sum, [client.tenantId])
  return row?.bytes ?? 0
}

test('a quota below what is stored refuses what is new, and never a deletion', async () => {
  const tenant = await newTenant(null)
  const { body: kept } = await upload(tenant)
  const { body: gone } = await upload(tenant)
  await tenant.setQuota(SIZE)
  expect((await upload(tenant)).body.code).toBe('quota.exceeded')
  expect((await tenant.client.delete(`/materials/${gone.id}`)).status).toBe(204)
  expect(await used(tenant)).toBe(SIZE)
  await tenant.setQuota(0)
  expect((await tenant.client.delete(`/materials/${kept.id}`)).status).toBe(204)
  expect(await used(tenant)).toBe(0)
  const url = { source_type: 'web', source_url: 'https://example.com/' }
  expect((await tenant.client.post(`/courses/${tenant.course}/materials`, url)).status).toBe(201)
})

test('a deleted tenant leaves neither account nor uploads', async () => {
  const tenant = await newTenant(null)
  await upload(tenant)
  await insertUpload(tenant, tenant.course, { bytes: 7 })
  await createTenants(app.services).delete(tenant.name)
  await emptyDiscarded(app.services)
  const left = await queryAsSuperuser(
    app.database,
    `SELECT (SELECT count(*)::int FROM storage_usage WHERE tenant_id = $1::uuid) AS accounts,
       (SELECT count(*)::int FROM uploads WHERE tenant_id = $1::uuid) AS uploads,
       (SELECT count(*)::int FROM discarded_objects WHERE object_key LIKE $1::uuid::text || '/%') AS discarded`,
    [tenant.client.tenantId],
  )
  expect(left).toEqual([{ accounts: 0, uploads: 0, discarded: 0 }])
})

/** An upload as a process leaves it that was killed. */
async function insertUpload(
  { client }: Tenant,
  course: string,
  { bytes, expired = false }: { bytes: number; expired?: boolean },
) {
  const id = newId()
  await queryAsSuperuser(
    app.database,
    `INSERT INTO uploads (id, tenant_id, course_id, kind, object_key, reserved_bytes, expires_at)
     VALUES ($1, $2, $3, 'streamed', $4, $5, now() + $6::interval)`,
    [id, client.tenantId, course, `${client.tenantId}/${course}/${id}`, bytes, expired ? '-1 second' : '1 hour'],
  )
  return id
}

test('an account is the sum of its tables, whatever happened', async () => {
  const step = fc.record({
    do: fc.constantFrom('upload', 'fail', 'abandon', 'delete', 'drop', 'delete course', 'quota'),
    dress: fc.constantFrom<Dress>('raw', 'stream', 'form'),
    size: fc.constantFrom(0, 1, 999, 5_000),
    of: fc.nat(5),
  })
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 4, maxLength: 10 }), async (steps) => {
      const tenant = await newTenant(12_000)
      const { client } = tenant
      const courses = [tenant.course, (await build.course(client)).id]
      const materials: string[] = []
      for (const { do: what, dress, size, of } of steps) {
        const course = courses[of % courses.length] ?? tenant.course
        if (what === 'upload') {
          const { status, body } = await upload({ ...tenant, course }, dress, Buffer.alloc(size))
          if (status === 201) materials.push(body.id)
        } else if (what === 'fail') {
          const headers = { 'repr-digest': `sha-256=:${Buffer.alloc(32).toString('base64')}:` }
          const path = `/courses/${course}/materials?source_type=text&filename=a.txt`
          expect((await client.request('POST', path, { body: 'x', headers })).status).toBeGreaterThan(400)
        } else if (what === 'abandon') {
          await insertUpload(tenant, course, { bytes: size, expired: of > 2 }).catch(() => undefined)
        } else if (what === 'delete') {
          const [id] = materials.splice(of % Math.max(1, materials.length), 1)
          if (id) await client.delete(`/materials/${id}`)
        } else if (what === 'drop') {
          await dropExpiredUploads(app.services.db)
        } else if (what === 'delete course' && courses.length > 1) {
          await client.delete(`/courses/${courses.pop()}`)
        } else if (what === 'quota') {
          await tenant.setQuota(of === 0 ? null : size)
        }
        expect(await wrongAccounts()).toEqual([])
      }
    }),
    { numRuns: 15 },
  )
}, 120_000)

test('a form that filled the storage is answered again, and another one is refused', async () => {
  const tenant = await newTenant(3 * 1024 * 1024)
  const send = (key: string, size: number) => {
    const parts = [
      { name: 'source_type', content: 'text' },
      { name: 'file', filename: 'а.txt', content: Buffer.alloc(size) },
    ]
    const { headers, body } = form(...parts)
    const path = `/courses/${tenant.course}/materials`
    return tenant.client.request('POST', path, { headers: { ...headers, 'idempotency-key': key }, body })
  }
  const first = await send('first', 2.5 * 1024 * 1024)
  const again = await send('first', 2.5 * 1024 * 1024)
  expect([first.status, again.status, again.body]).toEqual([201, 201, first.body])
  const other = await send('second', 2.5 * 1024 * 1024)
  expect([other.status, other.body.code]).toEqual([413, 'quota.exceeded'])
})
