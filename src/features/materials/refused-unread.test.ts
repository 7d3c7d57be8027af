import { afterAll, afterEach, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { createTenants } from '#features/access/index.ts'
import { newId } from '#platform/ids/index.ts'
import { startApp, type TestApp } from '#test/app.ts'
import { build } from '#test/build.ts'
import { queryAsSuperuser } from '#test/database.ts'
import { type FormPart, form } from '#test/form.ts'
import { type OpenRequest, openRequest } from '#test/open-request.ts'
import { head, openWire } from '#test/wire.ts'

// With one place for all: whoever has it keeps everybody out.
let app: TestApp
let acme: Awaited<ReturnType<TestApp['as']>>
let course: string

beforeAll(async () => {
  app = await startApp({ maxConcurrentUploads: 1 })
  acme = await app.as('Академія')
  course = (await build.course(acme)).id
})
afterAll(() => app.close())

const QUERY = '?source_type=text&filename=a.txt'
const GIGABYTE = 1_000_000_000
const FORM_TYPE = 'multipart/form-data; boundary=x'
const pathOf = (query: string, id = course) => `/api/v1/courses/${id}/materials${query}`

const uploadsOnTheirWay = async () => (await queryAsSuperuser(app.database, 'SELECT FROM uploads')).length

const holders: OpenRequest[] = []

/** Another tenant's upload that has begun. Ends with the test. */
async function takeThePlace() {
  const rival = await app.as('Суперник')
  const url = `${app.url}${pathOf(QUERY, (await build.course(rival)).id)}`
  const holder = openRequest(url, { 'x-api-key': rival.key, 'content-length': 4 })
  holders.push(holder)
  await expect.poll(uploadsOnTheirWay, { timeout: 10_000 }).toBe(1)
  return holder
}

afterEach(async () => {
  for (const holder of holders.splice(0)) holder.cut()
  await expect.poll(uploadsOnTheirWay, { timeout: 10_000 }).toBe(0)
})

type Case = {
  what: string
  key?: () => string | Promise<string>
  query?: string
  headers?: Record<string, string | number>
  before?: () => Promise<unknown>
  told: [status: number, code: string]
}

async function exhausted() {
  const client = await app.as('Ощадний', ['prep'], { prep: 1 })
  await client.get('/courses')
  return client.key
}

const RAW = { query: QUERY, headers: { 'content-type': 'text/plain', 'content-length': GIGABYTE } }
const FORM = { query: '', headers: { 'content-type': FORM_TYPE, 'content-length': GIGABYTE } }
const LONG = 2 * 1024 ** 3
const full = async () => {
  await createTenants(app.services).setQuota('Академія', GIGABYTE / 2)
  onTestFinished(async () => void (await createTenants(app.services).setQuota('Академія', null)))
}

describe.each([
  ['a raw body', RAW],
  ['a form', FORM],
])('of %s of a gigabyte not a byte is read for', (_dress, { query, headers }) => {
  test.each<Case>([
    { what: 'no key', key: () => '', told: [401, 'auth.key_missing'] },
    { what: 'an unknown key', key: () => `cs_live_${'0'.repeat(32)}`, told: [401, 'auth.key_invalid'] },
    { what: 'no scope', key: async () => (await app.as('Академія', ['check'])).key, told: [403, 'auth.scope_missing'] },
    { what: 'a used-up limit', key: exhausted, told: [429, 'rate_limit.exceeded'] },
    { what: 'its size', headers: { ...headers, 'content-length': LONG }, told: [413, 'material.too_large'] },
    { what: 'its tenant’s quota', before: full, told: [413, 'quota.exceeded'] },
    { what: 'all places being taken', before: takeThePlace, told: [503, 'upload.busy'] },
  ])('$what', async ({ key = () => acme.key, before, headers: changed = headers, told }) => {
    await before?.()
    const apiKey = await key()
    for (const expectation of [{}, { expect: '100-continue' }]) {
      const wire = await openWire(app.url)
      onTestFinished(() => void wire.socket.destroy())
      wire.send(head('POST', pathOf(query), { ...(apiKey && { 'x-api-key': apiKey }), ...changed, ...expectation }))
      const { status, body, headers, text } = await wire.answer()
      expect([status, JSON.parse(body).code]).toEqual(told)
      expect(text).not.toContain('100 Continue')
      if (status === 429 || status === 503) expect(Number(headers['retry-after'])).toBeGreaterThan(0)
    }
  })
})

test.each([
  ['a missing course', pathOf(QUERY, newId()), {}, 404],
  ['a form’s missing course', pathOf('', newId()), { 'content-type': FORM_TYPE }, 404],
  ['a type nobody takes', pathOf('?source_type=text&filename=a.exe'), {}, 415],
  ['a wrong parameter', pathOf(`${QUERY}&replaces=1`), {}, 422],
])('%s is told before the lack of a place', async (_what, path, headers, status) => {
  await takeThePlace()
  const request = openRequest(app.url + path, { 'x-api-key': acme.key, 'content-length': 1_000, ...headers })
  expect((await request.answer).status).toBe(status)
})

const TYPE: FormPart = { name: 'source_type', content: 'text' }
const FILE: FormPart = { name: 'file', filename: 'а.txt', content: 'їжак' }
const DIGEST = { 'repr-digest': `sha-256=:${Buffer.alloc(32).toString('base64')}:` }

const send = (headers: Record<string, string> = {}, body = 'їжак', query = QUERY) =>
  acme.request('POST', `/courses/${course}/materials${query}`, {
    body,
    headers: { 'content-type': 'text/plain', ...headers },
  })
const sendForm = (parts: FormPart[], headers = {}) => {
  const { headers: own, body } = form(...parts)
  return acme.request('POST', `/courses/${course}/materials`, { body, headers: { ...own, ...headers } })
}

test.each<[what: string, send: () => ReturnType<typeof send>, statuses: number[]]>([
  ['bytes', send, [201]],
  ['a form', () => sendForm([TYPE, FILE]), [201]],
  ['another’s digest', () => send(DIGEST), [422]],
  ['a wrong name', () => send({}, 'x', '?source_type=text&filename=a%2Fb.txt'), [422]],
  ['a form without a file', () => sendForm([TYPE]), [422]],
  ['a form without a type', () => sendForm([FILE]), [422]],
  ['a form that is none', () => send({ 'content-type': FORM_TYPE }, 'x', ''), [400]],
  ['a key and its replay', () => send({ 'idempotency-key': 'raw' }), [201, 201]],
  ['a form’s key and its replay', () => sendForm([TYPE, FILE], { 'idempotency-key': 'form' }), [201, 201]],
])('the place is free again when the answer is there: %s', async (_what, send, statuses) => {
  for (const status of statuses) expect((await send()).status).toBe(status)
  expect((await acme.request('POST', `/courses/${course}/materials${QUERY}`, { body: 'x' })).status).toBe(201)
})

test.each(['raw', 'form'])('the place is free again when the client has gone: %s', async (dress) => {
  const { headers, body } = form(TYPE, FILE)
  const request = openRequest(app.url + pathOf(dress === 'raw' ? QUERY : ''), {
    'x-api-key': acme.key,
    'content-length': 1_000,
    ...(dress === 'raw' ? {} : headers),
  })
  request.send(dress === 'raw' ? 'їжак' : body.subarray(0, -30))
  await expect.poll(uploadsOnTheirWay, { timeout: 10_000 }).toBe(1)
  request.cut()
  await expect.poll(async () => (await send()).status, { timeout: 10_000 }).toBe(201)
})

test('a replay needs a place only when its body has to be read', async () => {
  const sha256 = Buffer.from(await crypto.subtle.digest('SHA-256', Buffer.from('їжак'))).toString('base64')
  const headers = { 'idempotency-key': 'replay' }
  const { body } = await send(headers)
  const holder = await takeThePlace()
  expect((await send(headers)).body.code).toBe('upload.busy')
  expect((await send({ ...headers, 'repr-digest': `sha-256=:${sha256}:` })).body).toEqual(body)
  holder.send('їж')
  expect((await holder.answer).status).toBe(201)
  expect((await send(headers)).body).toEqual(body)
})
