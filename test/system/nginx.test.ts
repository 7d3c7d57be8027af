import { createHash } from 'node:crypto'
import { request } from 'node:http'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createTenants } from '#features/access/index.ts'
import { startApp, type TestApp } from '#test/app.ts'
import { build } from '#test/build.ts'
import { createClient } from '#test/client.ts'
import { queryAsSuperuser } from '#test/database.ts'
import { openRequest } from '#test/open-request.ts'
import { type RunningNginx, startNginx } from './nginx.ts'

const MIB = 1024 * 1024

let app: TestApp
let proxy: RunningNginx
let acme: Awaited<ReturnType<TestApp['as']>>

beforeAll(async () => {
  app = await startApp({ trustedProxies: ['127.0.0.1'], maxUploadBytes: 512 * MIB, maxConcurrentUploads: 1 })
  proxy = await startNginx(app.url)
  acme = await app.as('Академія')
})
afterAll(async () => {
  await proxy.close()
  await app.close()
})

/** Declares a body of so many bytes and goes on writing it until the answer is there. */
function writeUntilAnswered(
  path: string,
  bytes: number,
  headers: Record<string, string>,
): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const outgoing = request(`${proxy.url}/api/v1${path}`, {
      method: 'POST',
      headers: { 'content-length': String(bytes), ...headers },
    })
    const chunk = Buffer.alloc(64 * 1024)
    const writing = setInterval(() => outgoing.write(chunk), 5)
    outgoing.on('error', () => undefined)
    outgoing.on('response', async (response) => {
      clearInterval(writing)
      const parts: Buffer[] = []
      for await (const part of response) parts.push(part)
      outgoing.destroy()
      resolve({ status: response.statusCode ?? 0, body: Buffer.concat(parts).toString() })
    })
    outgoing.on('close', () => reject(new Error('the connection closed without an answer')))
  })
}

type Refusal = [what: string, status: number, code: string, bytes: number, scope?: 'prep' | 'check', query?: string]

test.each<Refusal>([
  ['no key', 401, 'auth.key_missing', 1_000_000_000],
  ['a key without the scope', 403, 'auth.scope_missing', 1_000_000_000, 'check'],
  ['too large a body', 413, 'material.too_large', 1_000_000_000, 'prep', '?source_type=video&filename=a.mp4'],
  ['a type nobody takes', 415, 'material.unsupported_type', 500_000_000, 'prep', '?source_type=video&filename=a.exe'],
])('a body is refused through nginx while it is written: %s', async (_what, status, code, bytes, scope, query = '') => {
  const course = await build.course(acme)
  const key = scope === undefined ? undefined : (await app.as('Академія', [scope])).key
  const headers = { 'content-type': 'video/mp4', ...(key === undefined ? {} : { 'x-api-key': key }) }
  const answer = await writeUntilAnswered(`/courses/${course.id}/materials${query}`, bytes, headers)
  expect([answer.status, JSON.parse(answer.body).code]).toEqual([status, code])
})

test.each([
  ['a full quota', 413, 'quota.exceeded'],
  ['all places being taken', 503, 'upload.busy'],
])('a body is refused through nginx while it is written: %s', async (_what, status, code) => {
  const tenant = await app.as('Тісна')
  const path = `/courses/${(await build.course(tenant)).id}/materials?source_type=video&filename=a.mp4`
  await createTenants(app.services).setQuota('Тісна', status === 413 ? 1_000_000 : null)
  const url = `${app.url}/api/v1/courses/${(await build.course(acme)).id}/materials?source_type=text&filename=a.md`
  const holder = openRequest(url, { 'x-api-key': acme.key, 'content-length': 100 })
  const uploads = async () => (await queryAsSuperuser(app.database, 'SELECT FROM uploads')).length
  await expect.poll(uploads, { timeout: 10_000 }).toBe(1)
  const answer = await writeUntilAnswered(path, 500_000_000, { 'x-api-key': tenant.key, 'content-type': 'video/mp4' })
  expect([answer.status, JSON.parse(answer.body).code]).toEqual([status, code])
  holder.cut()
  await expect.poll(uploads, { timeout: 10_000 }).toBe(0)
})

test('a file comes through nginx whole, chunked or not', async () => {
  const client = createClient(proxy.url, acme.key)
  const course = await build.course(acme)
  const bytes = Buffer.alloc(20 * MIB, 'Привіт ')
  for (const body of [bytes, new Blob([bytes]).stream()]) {
    const path = `/courses/${course.id}/materials?source_type=video&filename=${encodeURIComponent('лекція.mp4')}`
    const { status, body: material } = await client.request('POST', path, {
      body,
      headers: { 'content-type': 'video/mp4' },
    })
    expect(status).toBe(201)
    expect(material.sha256).toBe(createHash('sha256').update(bytes).digest('hex'))
  }
})

test('limits are counted for the client behind the proxy', async () => {
  const { headers } = await createClient(proxy.url).get('//health')
  expect(headers.get('ratelimit-policy')).toBe('"public";q=120;w=60')
})
