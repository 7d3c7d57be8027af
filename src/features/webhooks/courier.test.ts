import { sql } from 'kysely'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { createSeal } from '#platform/seal/index.ts'
import type { WebPoster } from '#platform/web/index.ts'
import { createWebPoster } from '#platform/web/poster.ts'
import { startApp, type TestApp } from '#test/app.ts'
import { until } from '#test/build.ts'
import { type Receiver, startReceiver } from '#test/webhook-receiver.ts'
import { createCourier } from './courier.ts'
import { giveUpOld } from './courier-store.ts'
import { announce, webhooksWork } from './index.ts'
import { WAITS } from './retries.ts'

type Client = Awaited<ReturnType<TestApp['as']>>
type Courier = ReturnType<typeof createCourier>

let app: TestApp
let receiver: Receiver
let acme: Client
let secret: string
let couriers: Courier[]
let made = 0
const lines: unknown[] = []
const log = { warn: (...line: unknown[]) => lines.push(line), debug: (...line: unknown[]) => lines.push(line) }

beforeAll(async () => {
  app = await startApp()
})
afterAll(() => app.close())
beforeEach(async () => {
  receiver = await startReceiver()
  couriers = []
  made += 1
  acme = await app.as(`Академія ${made}`)
  secret = await subscribe(acme, receiver.at('/hook?token=потайне'))
})
afterEach(async () => {
  await Promise.all(couriers.map((courier) => courier.stop()))
  receiver.close()
  // What waits still is no other test's.
  await app.services.db.asOperator('test', (tx) => tx.deleteFrom('webhooks').execute())
})

async function subscribe(client: Client, url: string): Promise<string> {
  const events = ['material.done', 'submission.done']
  const { status, body } = await client.put('/webhook', { url, events })
  if (status !== 200) throw new Error(JSON.stringify(body))
  return body.secret
}

function hire(poster: WebPoster = receiver.poster): Courier {
  const { db, secret } = app.services
  const courier = createCourier({ db, poster, seal: createSeal(secret, 'webhook'), log })
  couriers.push(courier)
  return courier
}

/** One look and all that comes of it. */
async function deliver(courier = hire()) {
  await courier.look()
  await courier.idle()
}

const say = (data: Record<string, unknown> = { title: 'Цикли й умови' }, { client = acme, studentId = '' } = {}) =>
  app.services.db.forTenant(client.tenantId, (tx) => {
    const about = studentId === '' ? {} : { studentId }
    return announce(tx, { tenantId: client.tenantId, event: 'material.done', data, ...about })
  })

const logOf = async (client = acme) => (await client.get('/webhook/deliveries')).body.items

/** Whatever is to happen later is due now. */
const hurry = () =>
  app.services.db.asOperator('test', async (tx) => {
    await tx.updateTable('webhooks').set({ paused_until: null }).execute()
    const due = { next_attempt_at: sql<Date>`now()` }
    await tx.updateTable('webhook_deliveries').set(due).where('status', '=', 'pending').execute()
  })

const webhookRow = (client = acme) =>
  app.services.db.asOperator('test', (tx) =>
    tx
      .selectFrom('webhooks')
      .selectAll()
      .where('tenant_id', '=', client.tenantId)
      .where('scope', '=', 'prep')
      .executeTakeFirstOrThrow(),
  )

describe('a message', () => {
  test('comes signed, as the convention says', async () => {
    await say()
    await deliver()
    const [message] = receiver.received
    const [entry] = await logOf()
    expect(message?.path).toBe('/hook?token=%D0%BF%D0%BE%D1%82%D0%B0%D0%B9%D0%BD%D0%B5')
    expect(Object.keys(message?.json)).toEqual(['type', 'timestamp', 'data'])
    expect(message?.json).toMatchObject({ type: 'material.done', data: { title: 'Цикли й умови' } })
    expect(message?.headers).toMatchObject({
      'webhook-id': entry.id,
      'content-type': 'application/json; charset=utf-8',
    })
    expect(Math.abs(Date.now() / 1_000 - Number(message?.headers['webhook-timestamp']))).toBeLessThan(10)
    expect(message && receiver.isSigned(message, secret)).toBe(true)
    expect(message && receiver.isSigned(message, 'whsec_AAAA')).toBe(false)
    const delivered = { status: 'delivered', attempts: 1, last_status: 204, last_error: null, next_attempt_at: null }
    expect(entry).toMatchObject({ ...delivered, delivered_at: expect.any(String) })
    await deliver()
    expect(receiver.received).toHaveLength(1)
  })

  test('that was refused comes again, with the same id and body and a fresh signature', async () => {
    receiver.answer = (response) => response.writeHead(500).end()
    await say()
    await deliver()
    const [entry] = await logOf()
    expect(entry).toMatchObject({ status: 'pending', attempts: 1, last_status: 500, delivered_at: null })
    const waits = (Date.parse(entry.next_attempt_at) - Date.parse(entry.last_attempt_at)) / 1_000
    expect(waits).toBeCloseTo(WAITS[0] ?? 0, 0)
    await deliver()
    expect(receiver.received).toHaveLength(1)
    await new Promise((resolve) => setTimeout(resolve, 1_050))
    await hurry()
    receiver.answer = (response) => response.writeHead(200).end('дякую')
    await deliver()
    const [first, second] = receiver.received
    expect(second?.body).toBe(first?.body)
    expect(second?.headers['webhook-id']).toBe(first?.headers['webhook-id'])
    expect(second?.headers['webhook-timestamp']).not.toBe(first?.headers['webhook-timestamp'])
    expect(second && receiver.isSigned(second, secret)).toBe(true)
    expect(await logOf()).toMatchObject([{ status: 'delivered', attempts: 2, last_status: 200, last_error: null }])
  })

  test('is given up after its last attempt', async () => {
    receiver.answer = (response) => response.writeHead(404).end()
    await say()
    for (let at = 0; at <= WAITS.length + 1; at += 1) {
      await hurry()
      await deliver()
    }
    expect(receiver.received).toHaveLength(WAITS.length + 1)
    expect(new Set(receiver.received.map(({ headers }) => headers['webhook-id'])).size).toBe(1)
    const entry = { status: 'failed', attempts: 12, last_status: 404, next_attempt_at: null }
    expect(await logOf()).toMatchObject([entry])
  })

  test('is given up at once when the receiver is gone for good', async () => {
    receiver.answer = (response) => response.writeHead(410).end()
    await say()
    await deliver()
    expect(await logOf()).toMatchObject([{ status: 'failed', attempts: 1, last_status: 410 }])
  })

  test('follows no redirect', async () => {
    receiver.answer = (response) => response.writeHead(307, { location: receiver.at('/elsewhere') }).end()
    await say()
    await deliver()
    expect(receiver.received.map(({ path }) => path.split('?')[0])).toEqual(['/hook'])
    const redirected = { status: 'pending', last_status: 307, last_error: expect.stringContaining('redirect') }
    expect(await logOf()).toMatchObject([redirected])
  })

  test('goes to no private network, wherever its name leads at that moment', async () => {
    await subscribe(acme, receiver.at('/hook', 'lms.inside.example'))
    await say()
    await deliver()
    const refused = { status: 'pending', attempts: 1, last_status: null }
    expect(await logOf()).toMatchObject([
      { ...refused, last_error: expect.stringContaining('not on the public internet') },
    ])
    // A name that led outside when it was last looked at, and inside now.
    await subscribe(acme, receiver.at('/hook'))
    const addresses = ['127.0.0.1', '10.1.2.3']
    const rebound = createWebPoster({
      allowHttp: true,
      allowAddress: (address) => address === '127.0.0.1',
      lookup: async () => [{ address: addresses.shift() ?? '10.1.2.3', family: 4 }],
    })
    receiver.answer = (response) => response.writeHead(500).end()
    await hurry()
    await deliver(hire(rebound))
    await hurry()
    await deliver(hire(rebound))
    expect(receiver.received).toHaveLength(1)
    expect(await logOf()).toMatchObject([{ attempts: 3, last_status: null, status: 'pending' }])
  })

  test('goes where it is wanted now, signed with the secret of now', async () => {
    await say()
    const { body } = await acme.put('/webhook', {
      ...{ url: receiver.at('/new'), events: ['material.done'], rotate_secret: true },
    })
    await deliver()
    const [message] = receiver.received
    expect(message?.path).toBe('/new')
    expect(message && [receiver.isSigned(message, body.secret), receiver.isSigned(message, secret)]).toEqual([
      true,
      false,
    ])
  })

  test('goes nowhere once nobody wants it', async () => {
    await say()
    await acme.delete('/webhook')
    await subscribe(acme, receiver.at('/later'))
    await deliver()
    expect(receiver.received).toEqual([])
    expect(await logOf()).toMatchObject([{ status: 'failed', last_error: 'The webhook was removed.' }])
  })

  test('about a person who was erased is not sent', async () => {
    await say({}, { studentId: 'оля@school.example' })
    await app.services.db.forTenant(acme.tenantId, (tx) =>
      tx.deleteFrom('webhook_deliveries').where('student_id', '=', 'оля@school.example').execute(),
    )
    await deliver()
    expect(receiver.received).toEqual([])
  })
})

describe('when a worker dies', () => {
  test('after the receiver took the message, it comes again under the same id', async () => {
    await say()
    const dying: WebPoster = {
      post: async (url, posting) => {
        await receiver.poster.post(url, posting)
        throw new Error('killed')
      },
    }
    await deliver(hire(dying))
    // As a killed process leaves it: claimed, and nothing written.
    await app.services.db.asOperator('test', (tx) =>
      tx
        .updateTable('webhooks')
        .set({ claim_id: '00000000-0000-7000-8000-000000000000', claimed_at: sql<Date>`now()` })
        .where('scope', '=', 'prep')
        .execute(),
    )
    expect(await logOf()).toMatchObject([{ status: 'pending', attempts: 0 }])
    await deliver()
    expect(receiver.received).toHaveLength(1)
    await app.services.db.asOperator('test', (tx) =>
      tx.updateTable('webhooks').set({ claimed_at: sql<Date>`now() - interval '61 seconds'` }).execute(),
    )
    await deliver()
    const [first, second] = receiver.received
    expect(receiver.received).toHaveLength(2)
    expect(second?.headers['webhook-id']).toBe(first?.headers['webhook-id'])
    expect(await logOf()).toMatchObject([{ status: 'delivered', attempts: 1 }])
  })

  test('in good order, what was being sent counts as not begun', async () => {
    receiver.answer = () => undefined
    await say()
    const courier = hire()
    await courier.look()
    await until(
      async () => receiver.received.length,
      (count) => count === 1,
    )
    await courier.stop()
    expect(await logOf()).toMatchObject([{ status: 'pending', attempts: 0, last_attempt_at: null }])
    receiver.answer = (response) => response.writeHead(204).end()
    await deliver()
    expect(await logOf()).toMatchObject([{ status: 'delivered', attempts: 1 }])
  })
})

describe('a receiver', () => {
  test('gets messages one after another, in the order in which they became true, from however many workers', async () => {
    let [now, most] = [0, 0]
    receiver.answer = async (response) => {
      now += 1
      most = Math.max(most, now)
      await new Promise((resolve) => setTimeout(resolve, 5))
      now -= 1
      response.writeHead(200).end()
    }
    for (let number = 1; number <= 20; number += 1) await say({ number })
    const workers = [hire(), hire(), hire()]
    await Promise.all(workers.map((courier) => deliver(courier)))
    expect(receiver.received.map(({ json }) => json.data.number)).toEqual(Array.from({ length: 20 }, (_, at) => at + 1))
    expect(most).toBe(1)
  })

  test('that is down is left alone for a moment, and longer every time', async () => {
    receiver.answer = (response) => response.writeHead(503, { 'retry-after': '900' }).end()
    for (let number = 1; number <= 3; number += 1) await say({ number })
    await deliver()
    await deliver()
    expect(receiver.received).toHaveLength(1)
    const quiet = await webhookRow()
    expect(quiet.failures).toBe(1)
    expect((quiet.paused_until?.getTime() ?? 0) - Date.now()).toBeGreaterThan(800_000)
    receiver.answer = (response) => response.writeHead(500).end()
    for (let failures = 2; failures <= 4; failures += 1) {
      await hurry()
      await deliver()
      const row = await webhookRow()
      const pause = ((row.paused_until?.getTime() ?? 0) - Date.now()) / 1_000
      expect([row.failures, Math.abs(pause - 2 ** failures) < 1.5]).toEqual([failures, true])
    }
    await hurry()
    receiver.answer = (response) => response.writeHead(200).end()
    await deliver()
    expect((await logOf()).map(({ status }: { status: string }) => status)).toEqual([
      'delivered',
      'delivered',
      'delivered',
    ])
    expect((await webhookRow()).failures).toBe(0)
  })

  test('that takes one kind of message never takes the others all the same', async () => {
    receiver.answer = (response, { json }) => response.writeHead(json.data.bad ? 400 : 200).end()
    await say({ bad: true })
    for (let number = 1; number <= 3; number += 1) await say({ number })
    for (let round = 0; round < 3; round += 1) {
      await hurry()
      await deliver()
    }
    const statuses = (await logOf()).map(({ status }: { status: string }) => status)
    expect(statuses).toEqual(['delivered', 'delivered', 'delivered', 'pending'])
  })

  test('that does not answer holds up nobody else, nor the other service', async () => {
    const held: (() => void)[] = []
    receiver.answer = (response, { path }) => {
      if (path.startsWith('/dead')) held.push(() => response.writeHead(500).end())
      else response.writeHead(200).end()
    }
    const dead = await Promise.all(Array.from({ length: 10 }, (_, at) => app.as(`Мертва ${made} ${at}`, ['prep'])))
    for (const client of dead) {
      await client.put('/webhook', { url: receiver.at('/dead'), events: ['material.done'] })
      await say({}, { client })
    }
    // They were down before: they get half of the places at most.
    await app.services.db.asOperator('test', (tx) =>
      tx
        .updateTable('webhooks')
        .set({ failures: 1 })
        .where(
          'tenant_id',
          'in',
          dead.map(({ tenantId }) => tenantId),
        )
        .execute(),
    )
    const courier = hire()
    await courier.look()
    await until(
      async () => held.length,
      (count) => count >= 4,
    )
    await say()
    await courier.look()
    await until(logOf, ([entry]) => entry?.status === 'delivered', 5)
    expect(held).toHaveLength(4)
    for (const release of held) release()
    await courier.idle()
  })
})

describe('what cannot be delivered does not pile up', () => {
  test('what is older than a day is given up untried', async () => {
    await say()
    await app.services.db.asOperator('test', (tx) =>
      tx.updateTable('webhook_deliveries').set({ created_at: sql<Date>`now() - interval '26 hours'` }).execute(),
    )
    await deliver()
    expect(receiver.received).toEqual([])
    expect(await logOf()).toMatchObject([
      { status: 'failed', attempts: 0, last_error: expect.stringContaining('in time') },
    ])
  })

  test('of too many the oldest are given up', async () => {
    for (let number = 1; number <= 5; number += 1) await say({ number })
    await app.services.db.forTenant(acme.tenantId, (tx) => giveUpOld(tx, 'prep', { hours: 25, most: 2 }))
    const statuses = (await logOf()).map(({ status }: { status: string }) => status)
    expect(statuses).toEqual(['pending', 'pending', 'failed', 'failed', 'failed'])
  })

  test('what is older than 30 days is forgotten', async () => {
    await say({ number: 1 })
    await say({ number: 2 })
    const [newer, older] = await logOf()
    await app.services.db.asOperator('test', (tx) =>
      tx
        .updateTable('webhook_deliveries')
        .set({ created_at: sql<Date>`now() - interval '31 days'` })
        .where('id', '=', older.id)
        .execute(),
    )
    const { db, secret } = app.services
    const { prune } = webhooksWork({ db, poster: receiver.poster, secret, log: log as never })
    await prune(new AbortController().signal)
    expect((await logOf()).map(({ id }: { id: string }) => id)).toEqual([newer.id])
  })
})

test('nothing that is logged names the address, the secret or the student', async () => {
  receiver.answer = (response) => response.writeHead(500).end()
  await say({ title: 'Цикли' }, { studentId: 'оля@school.example' })
  await deliver()
  await deliver(hire({ post: () => Promise.reject(new Error('a defect')) }))
  expect(lines.length).toBeGreaterThan(0)
  const text = [...lines.map((line) => JSON.stringify(line)), ...app.logged].join('\n')
  for (const word of ['потайне', '%D0%BF', secret.slice(6, 30), 'оля@school']) expect(text).not.toContain(word)
})
