import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { newId } from '#platform/ids/index.ts'
import { startApp, type TestApp } from '#test/app.ts'
import { createClient } from '#test/client.ts'

// The limiter's own tests prove it exact; these prove that requests go through it, under the right name.

let app: TestApp
let direct: TestApp

beforeAll(async () => {
  app = await startApp({ trustedProxies: ['127.0.0.1', '10.9.0.0/16'] })
  direct = await startApp()
})
afterAll(() => Promise.all([app.close(), direct.close()]))

// Only the limiters' clock stands still; everything else goes on.
beforeEach(() => vi.useFakeTimers({ toFake: ['performance'] }))
afterEach(() => vi.useRealTimers())

const pass = (ms: number) => vi.advanceTimersByTime(ms)
const strange = () => `cs_live_${newId().replaceAll('-', '')}`
const from = (address: string) => ({ 'x-forwarded-for': address })
const rate = ({ headers }: { headers: Headers }) => headers.get('ratelimit')

let tenants = 0
const newTenant = () => `Школа ${++tenants}`

describe('a key', () => {
  test('is let in exactly as often as it says in any minute', async () => {
    const client = await app.as(newTenant(), ['prep'], { prep: 3 })
    const answers = []
    for (const wait of [0, 20_000, 20_000, 10_000, 0]) {
      pass(wait)
      const { status, headers } = await client.get('/courses')
      answers.push([status, headers.get('ratelimit-policy'), headers.get('ratelimit'), headers.get('retry-after')])
    }
    const policy = '"prep";q=3;w=60'
    expect(answers).toEqual([
      [200, policy, '"prep";r=2;t=60', null],
      [200, policy, '"prep";r=1;t=40', null],
      [200, policy, '"prep";r=0;t=20', null],
      [429, policy, '"prep";r=0;t=10', '11'],
      [429, policy, '"prep";r=0;t=10', '11'],
    ])
    // Refused requests did not count, and waiting as long as was said is enough, once.
    pass(11_000)
    expect((await client.get('/courses')).status).toBe(200)
    expect((await client.get('/courses')).status).toBe(429)
  })

  test('shares the count with the tenant’s other keys, and brings its own limit', async () => {
    const name = newTenant()
    const small = await app.as(name, ['prep'], { prep: 2 })
    const large = await app.as(name, ['prep'], { prep: 5 })
    for (const left of [4, 3, 2]) expect(rate(await large.get('/courses'))).toBe(`"prep";r=${left};t=60`)
    expect((await small.get('/courses')).status).toBe(429)
    expect(rate(await large.get('/courses'))).toBe('"prep";r=1;t=60')
  })

  test('counts each scope apart; what both may do is charged to check when it holds that', async () => {
    const both = await app.as(newTenant(), ['prep', 'check'], { prep: 1, check: 2 })
    const course = `/courses/${newId()}`
    expect(rate(await both.get(course))).toBe('"prep";r=0;t=60')
    expect((await both.get(course)).status).toBe(429)
    expect(rate(await both.get('/courses'))).toBe('"check";r=1;t=60')
    expect(rate(await both.get(`${course}/submissions`))).toBe('"check";r=0;t=60')
    expect((await both.get('/me')).headers.get('ratelimit-policy')).toBe('"check";q=2;w=60')
  })

  test('says nothing of other tenants’ limits', async () => {
    const [one, other] = [
      await app.as(newTenant(), ['prep'], { prep: 1 }),
      await app.as(newTenant(), ['prep'], { prep: 1 }),
    ]
    expect((await one.get('/courses')).status).toBe(200)
    expect((await one.get('/courses')).status).toBe(429)
    expect((await other.get('/courses')).status).toBe(200)
  })
})

describe('public operations', () => {
  const paths = ['//openapi.json', '//docs/', '//health']

  test('are open 120 times a minute to each address, those of the container always', async () => {
    const { anonymous } = app
    const address = from('192.0.2.1')
    for (let asked = 0; asked < 120; asked++) {
      const path = paths[asked % paths.length] ?? ''
      expect(rate(await anonymous.get(path, address))).toBe(`"public";r=${119 - asked};t=60`)
    }
    const refused = await anonymous.get('//health', address)
    expect([refused.status, refused.body.code, refused.headers.get('retry-after')]).toEqual([
      429,
      'rate_limit.exceeded',
      '61',
    ])
    for (const path of ['//health/live', '//health/ready'])
      expect((await anonymous.get(path, address)).status).toBe(200)
    expect((await anonymous.get('//health', from('192.0.2.2'))).status).toBe(200)
    pass(60_001)
    expect((await anonymous.get('//health', address)).status).toBe(200)
  })
})

describe('refused keys', () => {
  const knock = async (address: string, times: number) => {
    for (let count = 0; count < times; count++)
      expect((await createClient(app.url, strange()).get('/me', from(address))).body.code).toBe('auth.key_invalid')
  }
  const answerTo = async (key: string | undefined, address: string) => {
    const { status, body } = await createClient(app.url, key).get('/me', from(address))
    return body.code ?? status
  }

  test('are throttled after twenty from one address, before any is looked up', async () => {
    const address = '192.0.2.10'
    const known = await app.as(newTenant())
    const fresh = await app.as(newTenant())
    expect(await answerTo(known.key, address)).toBe(200)
    for (let count = 0; count < 50; count++) expect(await answerTo(undefined, address)).toBe('auth.key_missing')
    await knock(address, 20)
    const { status, headers, body } = await createClient(app.url, strange()).get('/me', from(address))
    expect([status, body.code, headers.get('retry-after')]).toEqual([429, 'auth.too_many_refusals', '61'])
    // A good key that this process has not met yet waits like a bad one: nobody looked.
    expect(await answerTo(fresh.key, address)).toBe('auth.too_many_refusals')
    expect(await answerTo(known.key, address)).toBe(200)
    expect(await answerTo(undefined, address)).toBe('auth.key_missing')
    expect(await answerTo(fresh.key, '192.0.2.11')).toBe(200)
    pass(61_000)
    expect(await answerTo(fresh.key, address)).toBe(200)
  })

  test('expired keys count, a missing scope does not', async () => {
    const address = '192.0.2.12'
    const prepOnly = await app.as(newTenant(), ['prep'])
    for (let count = 0; count < 30; count++)
      expect((await prepOnly.get(`/submissions/${newId()}`, from(address))).status).toBe(403)
    const expired = await app.as(newTenant())
    await app.services.db.asOperator('age a key', (tx) =>
      tx
        .updateTable('api_keys')
        .set({ expires_at: new Date(0) })
        .where('tenant_id', '=', expired.tenantId)
        .execute(),
    )
    for (let count = 0; count < 20; count++) expect(await answerTo(expired.key, address)).toBe('auth.key_expired')
    expect(await answerTo(expired.key, address)).toBe('auth.too_many_refusals')
  })

  test('of one IPv6 network are those of one client, and of another network another’s', async () => {
    for (let count = 0; count < 20; count++) await knock(`2001:db8:1:2:${count}::${count + 1}`, 1)
    expect(await answerTo(strange(), '2001:db8:1:2:ffff::1')).toBe('auth.too_many_refusals')
    expect(await answerTo(strange(), '2001:db8:1:3::1')).toBe('auth.key_invalid')
    // An IPv4 address in IPv6 clothes is itself.
    await knock('192.0.2.20', 10)
    await knock('::ffff:192.0.2.20', 10)
    expect(await answerTo(strange(), '192.0.2.20')).toBe('auth.too_many_refusals')
  })
})

describe('the client’s address', () => {
  const left = async (client: TestApp, address: string) => rate(await client.anonymous.get('//health', from(address)))

  test('is what the nearest proxy that is not ours saw', async () => {
    const first = '"public";r=119;t=60'
    expect(await left(app, '198.51.100.1')).toBe(first)
    expect(await left(app, '203.0.113.9, 198.51.100.1')).toBe('"public";r=118;t=60')
    expect(await left(app, '203.0.113.9, 198.51.100.1, 10.9.8.7')).toBe('"public";r=117;t=60')
    expect(await left(app, '203.0.113.9')).toBe(first)
  })

  test('is the peer’s own where no proxy is trusted', async () => {
    for (const number of [119, 118, 117])
      expect(await left(direct, `198.51.100.${number}`)).toBe(`"public";r=${number};t=60`)
  })

  test('that is none shares what one address gets', async () => {
    expect(await left(app, 'unknown')).toBe('"public";r=119;t=60')
    expect(await left(app, '"><script>')).toBe('"public";r=118;t=60')
  })
})
