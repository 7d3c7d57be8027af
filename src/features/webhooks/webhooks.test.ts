import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { createSeal } from '#platform/seal/index.ts'
import { startApp, type TestApp } from '#test/app.ts'
import { announce } from './index.ts'
import { createWebhooks } from './webhooks.ts'

let app: TestApp
type Client = Awaited<ReturnType<TestApp['as']>>
let both: Client
let prep: Client
let check: Client
let rival: Client
let made = 0

beforeAll(async () => {
  app = await startApp()
})
afterAll(() => app.close())
beforeEach(async () => {
  made += 1
  const name = `Академія ${made}`
  both = await app.as(name)
  prep = await app.as(name, ['prep'])
  check = await app.as(name, ['check'])
  rival = await app.as(`Суперник ${made}`)
})

const URL_A = 'https://lms.example/hook?%D1%88%D0%BA%D0%BE%D0%BB%D0%B0=1'
const URL_B = 'https://author.example/hook'
const SECRET = /^whsec_[A-Za-z0-9+/]{43}=$/

const set = async (client: Client, wish: Record<string, unknown>) => {
  const { status, body } = await client.put('/webhook', { url: URL_A, ...wish })
  expect([status, body]).toEqual([200, expect.anything()])
  return body
}

describe('a webhook', () => {
  test('is set, and its secret shown this once', async () => {
    const { webhooks, secret } = await set(both, { events: ['material.done', 'submission.done'] })
    const shown = { url: URL_A, created_at: expect.any(String), updated_at: expect.any(String) }
    expect(webhooks).toEqual([
      { scope: 'check', events: ['submission.done'], ...shown },
      { scope: 'prep', events: ['material.done'], ...shown },
    ])
    expect(secret).toMatch(SECRET)
    expect(await both.get('/webhook')).toMatchObject({ status: 200, body: { webhooks } })
    expect(JSON.stringify((await both.get('/webhook')).body)).not.toContain('whsec_')
    const again = await set(both, { url: URL_B, events: ['material.done', 'submission.done'] })
    expect([again.secret, again.webhooks[0].url]).toEqual([null, URL_B])
  })

  test('gets a new secret on demand', async () => {
    const first = await set(both, { events: ['material.done'] })
    const second = await set(both, { events: ['material.done'], rotate_secret: true })
    expect(second.secret).toMatch(SECRET)
    expect(second.secret).not.toBe(first.secret)
  })

  test('is removed, once', async () => {
    await set(both, { events: ['material.done', 'submission.done'] })
    expect((await both.delete('/webhook')).status).toBe(204)
    for (const answer of [await both.delete('/webhook'), await both.get('/webhook'), await both.post('/webhook/test')])
      expect([answer.status, answer.body.code]).toEqual([404, 'webhook.not_found'])
  })

  test.each([
    ['not a url', 'schule'],
    ['another protocol', 'ftp://lms.example/'],
    ['credentials', 'https://admin:secret@lms.example/'],
    ['loopback', 'https://127.0.0.1/'],
    ['loopback as a number', 'https://2130706433/'],
    ['a private network', 'https://10.0.0.8/hook'],
    ['the cloud’s own', 'http://169.254.169.254/latest/meta-data'],
    ['IPv6 with IPv4 inside', 'https://[::ffff:10.0.0.8]/'],
    ['an internal name', 'https://postgres/'],
    ['loopback with a dot', 'https://127.0.0.1./'],
    ['an internal name with dots', 'https://localhost../'],
    ['an internal name in wide letters', 'https://ｌｏｃａｌｈｏｓｔ/'],
    ['a port of another protocol', 'https://lms.example:25/'],
    ['a fragment', 'https://lms.example/hook#part'],
    ['an empty fragment', 'https://lms.example/hook#'],
    ['what is too long when it is encoded', `https://lms.example/${'ї'.repeat(400)}`],
  ])('leads to the public web, not to %s', async (_what, url) => {
    const { status, body } = await both.put('/webhook', { url, events: ['material.done'] })
    expect([status, body.errors?.[0].path]).toEqual([422, 'url'])
    expect((await both.get('/webhook')).status).toBe(404)
  })

  test.each([
    [
      'a name in other letters',
      'https://Приклад.УКР/гак?а=б',
      'https://xn--80aikifvh.xn--j1amh/%D0%B3%D0%B0%D0%BA?%D0%B0=%D0%B1',
    ],
    ['case, the usual port, no path', 'HTTPS://LMS.Example:443', 'https://lms.example/'],
    ['a way back', 'https://lms.example/a/../hook', 'https://lms.example/hook'],
    ['backslashes', 'https:\\\\lms.example\\hook', 'https://lms.example/hook'],
    ['a line break and spaces', ' https://lms.exa\nmple/ho\tok ', 'https://lms.example/hook'],
    ['nobody’s credentials', 'https://@lms.example/hook', 'https://lms.example/hook'],
    ['a dot at the end of its name', 'https://lms.example./hook', 'https://lms.example./hook'],
    ['a number as its host', 'https://0x08080808/hook', 'https://8.8.8.8/hook'],
  ])('is kept as it is called: %s', async (_what, url, kept) => {
    const { webhooks } = await set(both, { url, events: ['material.done'] })
    expect(webhooks).toMatchObject([{ url: kept }])
    const rows = await app.services.db.forTenant(both.tenantId, (tx) =>
      tx.selectFrom('webhooks').select('url').execute(),
    )
    expect(rows).toEqual([{ url: kept }])
  })

  test('is https in production', async () => {
    const { services } = app
    const seal = createSeal(services.secret, 'webhook')
    const strict = createWebhooks({
      db: services.db,
      cursors: services.cursors,
      seal,
      allowHttp: false,
      reach: 'public',
    })
    const caller = { tenantId: both.tenantId, scopes: ['prep'] } as unknown as Parameters<typeof strict.put>[0]
    const wish = { url: 'http://lms.example/', events: ['material.done' as const], rotateSecret: false }
    await expect(strict.put(caller, wish)).rejects.toMatchObject({ errors: [{ path: 'url' }] })
    expect((await strict.put(caller, { ...wish, url: 'https://lms.example/' })).webhooks).toHaveLength(1)
    expect((await both.put('/webhook', { url: 'http://lms.example/', events: ['material.done'] })).status).toBe(200)
  })

  test('may lead to this machine where that is allowed, but not to what a cloud tells its own machines', async () => {
    const { services } = app
    const seal = createSeal(services.secret, 'webhook')
    const deps = { db: services.db, cursors: services.cursors, seal, allowHttp: true, reach: 'nearby' as const }
    const { put } = createWebhooks(deps)
    const caller = { tenantId: both.tenantId, scopes: ['prep'] } as unknown as Parameters<typeof put>[0]
    const wish = { events: ['material.done' as const], rotateSecret: false }
    for (const url of ['http://localhost:3000/hook', 'http://127.0.0.1:3000/', 'http://lms:8080/', 'http://10.0.0.8/'])
      expect((await put(caller, { ...wish, url })).webhooks).toMatchObject([{ url }])
    for (const url of ['http://169.254.169.254/latest', 'http://[fe80::1]/', 'http://0.0.0.0/', 'ftp://localhost/'])
      await expect(put(caller, { ...wish, url })).rejects.toMatchObject({ errors: [{ path: 'url' }] })
  })

  test.each([[[]], [['material.made']], ['material.done'], [['webhook.test']]])('wants events: %j', async (events) => {
    expect((await both.put('/webhook', { url: URL_A, events })).status).toBe(422)
  })
})

describe('of two services', () => {
  test('each has its own: a key neither sees nor changes the other’s', async () => {
    const theirs = await set(check, { events: ['submission.done', 'submission.rejected'] })
    const ours = await set(prep, { url: URL_B, events: ['material.done'] })
    expect(ours.secret).not.toBe(theirs.secret)
    expect((await prep.get('/webhook')).body.webhooks).toMatchObject([{ scope: 'prep', url: URL_B }])
    await set(prep, { url: URL_B, events: ['structure.done'], rotate_secret: true })
    expect((await check.get('/webhook')).body).toEqual({ webhooks: theirs.webhooks })
    const { id } = (await check.post('/webhook/test')).body
    expect((await prep.delete('/webhook')).status).toBe(204)
    expect((await check.get('/webhook')).body).toEqual({ webhooks: theirs.webhooks })
    expect((await check.get('/webhook/deliveries')).body.items).toMatchObject([{ id, status: 'pending' }])
    expect((await prep.get('/webhook')).status).toBe(404)
  })

  test('a key asks for events of its own', async () => {
    for (const [client, event, scope] of [
      [prep, 'submission.done', 'check'],
      [check, 'structure.error', 'prep'],
    ] as const) {
      const { status, body } = await client.put('/webhook', { url: URL_A, events: ['material.done', event] })
      expect([status, body.code]).toEqual([403, 'auth.scope_missing'])
      expect(body.detail).toContain(scope)
    }
    expect((await both.get('/webhook')).status).toBe(404)
  })

  test('a key of both has one secret for both, and a new one when it could not tell which', async () => {
    const first = await set(both, { events: ['material.done'] })
    expect((await set(both, { events: ['material.done', 'submission.done'] })).secret).toBeNull()
    await set(check, { url: URL_B, events: ['submission.done'], rotate_secret: true })
    const joined = await set(both, { events: ['material.done', 'submission.done'] })
    expect(joined.secret).toMatch(SECRET)
    expect(joined.secret).not.toBe(first.secret)
  })

  test('what is no longer wanted of one is gone with its webhook', async () => {
    await set(both, { events: ['material.done', 'submission.done'] })
    const { webhooks } = await set(both, { events: ['submission.done'] })
    expect(webhooks).toMatchObject([{ scope: 'check' }])
    expect((await prep.get('/webhook')).status).toBe(404)
  })
})

describe('a secret', () => {
  test('is in no table and no log line', async () => {
    const { secret } = await set(both, { events: ['material.done', 'submission.done'] })
    await both.post('/webhook/test', undefined, { 'idempotency-key': 'test-1' })
    const { db } = app.services
    const rows = await db.asOperator('test', (tx) => tx.selectFrom('webhooks').selectAll().execute())
    expect(rows.some((row) => row.secret.includes(secret) || row.secret.includes(secret.slice(6)))).toBe(false)
    const kept = await db.asOperator('test', (tx) => tx.selectFrom('idempotency_keys').selectAll().execute())
    expect(JSON.stringify(kept)).not.toContain('whsec_')
    expect(app.logged.join('\n')).not.toContain(secret.slice(6, 30))
  })
})

describe('a test event', () => {
  test('waits to be sent, and is listed', async () => {
    await set(both, { events: ['material.done', 'submission.done'] })
    const { status, body } = await both.post('/webhook/test')
    const delivery = {
      ...{ id: expect.any(String), event: 'webhook.test', scope: 'check', status: 'pending', attempts: 0 },
      ...{ last_status: null, last_error: null, created_at: expect.any(String), last_attempt_at: null },
      ...{ next_attempt_at: expect.any(String), delivered_at: null },
    }
    expect([status, body]).toEqual([202, delivery])
    const other = await both.post('/webhook/test?scope=prep')
    expect(other.body.scope).toBe('prep')
    expect((await both.get('/webhook/deliveries')).body).toEqual({ items: [other.body, body], next_cursor: null })
    expect((await prep.get('/webhook/deliveries')).body.items).toEqual([other.body])
    expect((await check.get('/webhook/deliveries?status=pending')).body.items).toEqual([body])
    expect((await check.get('/webhook/deliveries?status=failed')).body.items).toEqual([])
    expect((await rival.get('/webhook/deliveries')).body.items).toEqual([])
    expect((await prep.post('/webhook/test?scope=check')).body.code).toBe('auth.scope_missing')
  })

  test('is one for one Idempotency-Key', async () => {
    await set(prep, { events: ['material.done'] })
    const ask = () => prep.post('/webhook/test', undefined, { 'idempotency-key': 'again' })
    const [first, second] = [await ask(), await ask()]
    expect(second.body).toEqual(first.body)
    expect((await prep.get('/webhook/deliveries')).body.items).toHaveLength(1)
  })
})

test('the log comes in pages, newest first', async () => {
  await set(both, { events: ['material.done', 'submission.done'] })
  const ids: string[] = []
  for (let at = 0; at < 5; at += 1) ids.unshift((await both.post('/webhook/test')).body.id)
  const pages: string[][] = []
  for (let cursor = ''; ; ) {
    const { body } = await both.get(`/webhook/deliveries?limit=2${cursor}`)
    pages.push(body.items.map(({ id }: { id: string }) => id))
    if (body.next_cursor === null) break
    cursor = `&cursor=${body.next_cursor}`
    expect((await check.get(`/webhook/deliveries?limit=2${cursor}`)).status).toBe(422)
    expect((await rival.get(`/webhook/deliveries?limit=2${cursor}`)).status).toBe(422)
  }
  expect(pages).toEqual([ids.slice(0, 2), ids.slice(2, 4), ids.slice(4)])
})

describe('what is announced', () => {
  const say = (client: Client, event: 'material.done' | 'submission.done', data = {}) =>
    app.services.db.forTenant(client.tenantId, (tx) => announce(tx, { tenantId: client.tenantId, event, data }))
  const kept = async (client: Client) => (await client.get('/webhook/deliveries')).body.items

  test('is kept for whoever wants it, and for nobody else', async () => {
    await say(both, 'material.done')
    await set(check, { events: ['submission.done'] })
    await set(rival, { events: ['material.done'] })
    await say(both, 'material.done')
    expect(await kept(both)).toEqual([])
    await say(both, 'submission.done')
    expect(await kept(both)).toMatchObject([{ event: 'submission.done', scope: 'check' }])
    expect(await kept(rival)).toEqual([])
  })

  test('is undone with its transaction', async () => {
    await set(both, { events: ['material.done'] })
    const { db } = app.services
    const undone = db.forTenant(both.tenantId, async (tx) => {
      await announce(tx, { tenantId: both.tenantId, event: 'material.done', data: {} })
      throw new Error('not after all')
    })
    await expect(undone).rejects.toThrow('not after all')
    expect(await kept(both)).toEqual([])
  })

  test('may have text that no table takes', async () => {
    await set(both, { events: ['material.done'] })
    await say(both, 'material.done', { filename: `цикл\ud800\0.md` })
    const rows = await app.services.db.forTenant(both.tenantId, (tx) =>
      tx.selectFrom('webhook_deliveries').select('payload').execute(),
    )
    expect(rows).toMatchObject([{ payload: { data: { filename: 'цикл\ufffd.md' } } }])
  })
})
