import { createHash } from 'node:crypto'
import iconv from 'iconv-lite'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createTenants } from '#features/access/index.ts'
import { dropExpiredUploads } from '#features/storage/index.ts'
import { startApp, type TestApp } from '#test/app.ts'
import { build, until } from '#test/build.ts'
import type { Client } from '#test/client.ts'
import { queryAsSuperuser } from '#test/database.ts'
import { keptFiles } from '#test/kept-files.ts'
import { page, startWebSite, type WebSite } from '#test/web-site.ts'
import { chunksOf, emptyDiscarded } from '../index.ts'
import { findMaterial } from '../store.ts'
import { createSnapshots } from './snapshots.ts'

const TYPE = 'text/html; charset=windows-1251'
const pageOf = (text: string, head = '') =>
  iconv.encode(
    `<!doctype html><html><head>${head}<title>Цикли</title></head><body><p>${text}</p></body></html>`,
    'cp1251',
  )

let app: TestApp
let site: WebSite
let tenants = 0

beforeAll(async () => {
  site = await startWebSite()
  app = await startApp({ worker: true, web: site.web })
})
afterAll(async () => {
  await app.close()
  site.close()
})

async function newTenant() {
  const name = `Школа ${++tenants}`
  const client = await app.as(name)
  const setQuotas = (quotas: { quota?: number | null; textQuota?: number | null }) =>
    createTenants(app.services).setQuotas(name, quotas)
  const files = async () => (await keptFiles(app)).filter((file) => file.startsWith(client.tenantId))
  return { client, setQuotas, files, course: (await build.course(client)).id }
}
type Tenant = Awaited<ReturnType<typeof newTenant>>

async function add({ client, course }: Tenant, source_url: string): Promise<string> {
  const { status, body } = await client.post(`/courses/${course}/materials`, { source_type: 'web', source_url })
  expect([status, body.fetched_at, body.canonical_url]).toEqual([201, null, null])
  return body.id
}

const textsOf = async ({ client: { tenantId } }: Tenant, id: string) =>
  (await app.services.db.forTenant(tenantId, (tx) => chunksOf(tx, id))).map(({ text }) => text)
const accountOf = async ({ client: { tenantId } }: Tenant) =>
  (
    await queryAsSuperuser(
      app.database,
      `SELECT (SELECT count(*)::int FROM uploads WHERE tenant_id = $1) AS uploads,
         (SELECT used_bytes::int FROM storage_usage WHERE tenant_id = $1) AS used,
         (SELECT reserved_bytes::int FROM storage_usage WHERE tenant_id = $1) AS reserved`,
      [tenantId],
    )
  )[0]
const retry = (client: Client, id: string) => client.post(`/materials/${id}/retry`)

test('a page is kept as it came, and says where it came from', async () => {
  const tenant = await newTenant()
  const { client } = tenant
  const bytes = pageOf('Цикл повторює дії.', '<link rel="canonical" href="/цикли">')
  site.serve('/kept', page(TYPE, bytes))
  site.serve('/moved', (_, response) => response.writeHead(302, { location: '/kept' }).end())
  const before = Date.now()
  const id = await add(tenant, site.at('/moved'))
  const body = await build.read(client, id)
  expect(body).toMatchObject({
    status: 'done',
    source_url: site.at('/moved'),
    canonical_url: encodeURI(site.at('/цикли')),
    filename: null,
    content_type: TYPE,
    size_bytes: bytes.length,
    sha256: createHash('sha256').update(bytes).digest('hex'),
  })
  expect(Date.parse(String(body['fetched_at']))).toBeGreaterThanOrEqual(before)
  expect(await textsOf(tenant, id)).toContain('Цикл повторює дії.')
  expect(await accountOf(tenant)).toEqual({ uploads: 0, used: bytes.length, reserved: 0 })
  expect((await client.get(`/courses/${tenant.course}`)).body.source_materials[0].canonical_url).toBe(
    body['canonical_url'],
  )

  const { body: link } = await client.get(`/materials/${id}/content`)
  const answer = await fetch(link.url)
  expect(Buffer.from(await answer.arrayBuffer()).equals(bytes)).toBe(true)
  expect(answer.headers.get('content-disposition')).toBe('attachment; filename=kept.html')
  expect(answer.headers.get('content-security-policy')).toContain('sandbox')
  expect(answer.headers.get('x-content-type-options')).toBe('nosniff')

  const rival = await app.as('Суперник')
  expect((await rival.get(`/materials/${id}/content`)).body.code).toBe('material.not_found')
  expect((await client.delete(`/materials/${id}`)).status).toBe(204)
  await until(tenant.files, (files) => files.length === 0)
  expect(await accountOf(tenant)).toEqual({ uploads: 0, used: 0, reserved: 0 })
})

test('a retry reads what was kept, whatever the page has become', async () => {
  const tenant = await newTenant()
  const { client, setQuotas } = tenant
  await setQuotas({ textQuota: 3 })
  site.serve('/changing', page(TYPE, pageOf('Було так.')))
  const id = await add(tenant, site.at('/changing'))
  expect(await build.read(client, id)).toMatchObject({ error: { code: 'quota.text_exceeded' } })
  expect((await client.get('/me')).body.quota.text_bytes_used).toBe(0)
  expect((await client.get(`/materials/${id}/chunks`)).body.code).toBe('material.failed')
  const { body: first } = await client.get(`/materials/${id}`)
  site.serve('/changing', page('text/plain', 'gone', 404))
  await setQuotas({ textQuota: null })
  expect((await retry(client, id)).status).toBe(202)
  const { fetched_at, sha256 } = first
  expect(await build.read(client, id)).toMatchObject({ status: 'done', error: null, fetched_at, sha256 })
  expect(await textsOf(tenant, id)).toContain('Було так.')
})

test('what could not be read is not kept: a retry asks again', async () => {
  const tenant = await newTenant()
  site.serve('/unknown', page('application/octet-stream', 'x'))
  const id = await add(tenant, site.at('/unknown'))
  expect(await build.read(tenant.client, id)).toMatchObject({
    error: { code: 'extract.unsupported' },
    fetched_at: null,
  })
  expect((await tenant.client.get(`/materials/${id}/content`)).body.code).toBe('material.no_content')
  site.serve('/unknown', page(TYPE, pageOf('Стало так.')))
  await retry(tenant.client, id)
  expect(await build.read(tenant.client, id)).toMatchObject({ status: 'done' })
})

test('a page that does not fit into the storage is an error that says so', async () => {
  const tenant = await newTenant()
  const bytes = pageOf('Цикл повторює дії.')
  await tenant.setQuotas({ quota: bytes.length - 1 })
  site.serve('/large', page(TYPE, bytes))
  const id = await add(tenant, site.at('/large'))
  expect(await build.read(tenant.client, id)).toMatchObject({ error: { code: 'quota.exceeded' }, size_bytes: null })
  expect(await tenant.files()).toEqual([])
  await tenant.setQuotas({ quota: bytes.length })
  await retry(tenant.client, id)
  expect(await build.read(tenant.client, id)).toMatchObject({ status: 'done' })
})

describe('an attempt that comes to nothing', () => {
  const PAGE = {
    url: 'https://school.example/',
    contentType: 'text/html',
    charset: 'утф "8"',
    body: pageOf('Цикл повторює дії.'),
    fetchedAt: new Date(),
  }
  const signal = AbortSignal.timeout(60_000)

  /** A material that nobody reads: its page is at an address that does not answer. */
  async function unread() {
    const tenant = await newTenant()
    const { tenantId } = tenant.client
    const id = await add(tenant, site.at('/missing'))
    await build.read(tenant.client, id)
    const material = await app.services.db.forTenant(tenantId, (tx) => findMaterial(tx, id))
    if (material === undefined) throw new Error('The material is gone.')
    const keep = (objects = {}) =>
      createSnapshots({ db: app.services.db, objects: { ...app.services.objects, ...objects } }).keep(material, PAGE, {
        tenantId,
        signal,
      })
    return { ...tenant, id, keep }
  }

  test.each([
    ['before its bytes are stored', false],
    ['after they are stored', true],
  ])('killed %s, leaves what the next one needs not, and what goes with its lease', async (_when, stored) => {
    const { keep, ...tenant } = await unread()
    const reached = Promise.withResolvers<void>()
    const { objects } = app.services
    void keep({
      put: async (...order: Parameters<typeof objects.put>) => {
        if (stored) await objects.put(...order)
        reached.resolve()
        return new Promise(() => undefined)
      },
    })
    await reached.promise
    const size = PAGE.body.length
    expect(await accountOf(tenant)).toEqual({ uploads: 1, used: 0, reserved: size })
    await keep()
    expect(await accountOf(tenant)).toEqual({ uploads: 1, used: size, reserved: size })
    await dropExpiredUploads(app.services.db, { now: new Date(Date.now() + 6 * 60_000) })
    await until(
      async () => {
        await emptyDiscarded(app.services)
        return tenant.files()
      },
      (files) => files.length === 1,
    )
    expect(await accountOf(tenant)).toEqual({ uploads: 0, used: size, reserved: 0 })
    const { body } = await tenant.client.get(`/materials/${tenant.id}/content`)
    expect((await fetch(body.url)).status).toBe(200)
  })

  test('because the storage is out of reach, may come again', async () => {
    const { keep, ...tenant } = await unread()
    const put = () => Promise.reject(new Error('ECONNREFUSED'))
    await expect(keep({ put })).rejects.toMatchObject({ kind: 'unavailable' })
    expect(await accountOf(tenant)).toEqual({ uploads: 0, used: 0, reserved: 0 })
    await keep()
    expect((await tenant.client.get(`/materials/${tenant.id}`)).body.content_type).toBe('text/html')
  })

  test.each(['the material', 'its course'])('because %s is gone, leaves nothing', async (what) => {
    const { keep, ...tenant } = await unread()
    const { objects } = app.services
    const path = what === 'its course' ? `/courses/${tenant.course}` : `/materials/${tenant.id}`
    const put: typeof objects.put = async (...order) => {
      const stored = await objects.put(...order)
      expect((await tenant.client.delete(path)).status).toBe(204)
      return stored
    }
    await expect(keep({ put })).rejects.toMatchObject({ code: expect.stringMatching(/unavailable|not_found/) })
    await until(tenant.files, (files) => files.length === 0)
    expect(await accountOf(tenant)).toMatchObject({ uploads: 0, used: 0, reserved: 0 })
  })

  test('because another was faster, leaves the other’s', async () => {
    const { keep, ...tenant } = await unread()
    const ends = await Promise.allSettled([keep(), keep(), keep()])
    expect(ends.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected', 'rejected'])
    await until(tenant.files, (files) => files.length === 1)
    expect(await accountOf(tenant)).toEqual({ uploads: 0, used: PAGE.body.length, reserved: 0 })
  })
})
