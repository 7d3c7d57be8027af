import { createHash } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { newId } from '#platform/ids/index.ts'
import { startApp, type TestApp } from '#test/app.ts'
import { build, until } from '#test/build.ts'
import type { Answer, RequestOptions } from '#test/client.ts'
import { exchange, head, openWire } from '#test/wire.ts'

type Client = Awaited<ReturnType<TestApp['as']>>

let app: TestApp
let acme: Client
let courseId: string

beforeAll(async () => {
  app = await startApp({ worker: true })
  acme = await app.as('Академія')
  courseId = (await build.course(acme)).id
})
afterAll(() => app.close())

let made = 0
const newKey = () => `key-${++made}`

const post = (client: Client, path: string, key: string, options: RequestOptions) =>
  client.request('POST', path, { ...options, headers: { ...options.headers, 'idempotency-key': key } })

const create = (key: string, title = 'Основи', client = acme) => post(client, '/courses', key, { json: { title } })

const row = (key: string) => ({
  set: (fields: { created_at?: Date; leased_until?: Date }) =>
    app.services.db.asOperator('age an answer', (tx) =>
      tx.updateTable('idempotency_keys').set(fields).where('key', '=', key).execute(),
    ),
  find: () =>
    app.services.db.asOperator('look at an answer', (tx) =>
      tx.selectFrom('idempotency_keys').selectAll().where('key', '=', key).executeTakeFirst(),
    ),
})

/** As a request does that then never ends: its process has died. */
const claim = (key: string, leasedUntil: Date) =>
  app.services.db.forTenant(acme.tenantId, (tx) =>
    tx
      .insertInto('idempotency_keys')
      .values({ tenant_id: acme.tenantId, key, claim_id: newId(), leased_until: leasedUntil })
      .execute(),
  )

const ago = (ms: number) => new Date(Date.now() - ms)
const outcome = ({ status, body }: Answer) => [status, body.code ?? body.id]
const digestOf = (text: string) => `sha-256=:${createHash('sha256').update(text).digest('base64')}:`

const TEXT = '# Змінні\n\nЗмінна — це імʼя для значення.'
const RAW = { body: TEXT, headers: { 'content-type': 'text/markdown' } }

function form(text = TEXT, name = 'урок.md', type = 'text') {
  const fields = new FormData()
  fields.set('source_type', type)
  fields.set('file', new File([text], name))
  return { body: fields }
}

const page = (host: string) => ({ json: { source_type: 'web', source_url: `https://${host}/` } })

/** Everything that creates or starts something: the same request, another request, and where what it makes is listed. */
const OPERATIONS: Record<
  string,
  { path: string; same: RequestOptions; others: [string | undefined, RequestOptions][] }
> = {
  'a course': {
    path: '/courses',
    same: { json: { title: 'Курс', description: null } },
    others: [[undefined, { json: { title: 'Інший' } }]],
  },
  'slide mappings': {
    path: '/courses/:id/slide-mapping',
    same: { json: { mappings: [{ slide_number: 7, video_timecode: '00:15' }] } },
    others: [[undefined, { json: { mappings: [{ slide_number: 8, video_timecode: '00:15' }] } }]],
  },
  'a page': {
    path: '/courses/:id/materials',
    same: page('a.example'),
    others: [
      [undefined, page('b.example')],
      [undefined, form()],
    ],
  },
  'a file in a form': {
    path: '/courses/:id/materials',
    same: form(),
    others: [
      [undefined, form('інше')],
      [undefined, form(TEXT, 'інший.md')],
      [undefined, form(TEXT, 'урок.md', 'presentation')],
    ],
  },
  'a file': {
    path: '/courses/:id/materials?source_type=text&filename=a.md',
    same: RAW,
    others: [
      [undefined, { ...RAW, body: 'інше' }],
      ['/courses/:id/materials?source_type=text&filename=b.md', RAW],
    ],
  },
  'a file that says its digest': {
    path: '/courses/:id/materials?source_type=text&filename=c.md',
    same: { ...RAW, headers: { ...RAW.headers, 'repr-digest': digestOf(TEXT) } },
    others: [[undefined, { body: 'інше', headers: { ...RAW.headers, 'repr-digest': digestOf('інше') } }]],
  },
  'a structure': {
    path: '/courses/:id/structure',
    same: { json: { strategy: 'default' } },
    others: [[undefined, { json: { strategy: 'quality' } }]],
  },
}

describe.each(Object.entries(OPERATIONS))('%s', (_what, { path, same, others }) => {
  test('is made once, and answered as it was the first time', async () => {
    const { id } = await build.course(acme)
    const own = (text: string) => text.replace(':id', id)
    if (path.endsWith('/structure')) await build.readMaterial(acme, id)
    const key = newKey()
    const first = await post(acme, own(path), key, same)
    expect([201, 202], JSON.stringify(first.body)).toContain(first.status)
    expect(first.headers.get('location')).toMatch(/^\/api\/v1\//)
    expect(first.headers.get('idempotency-replayed')).toBeNull()
    const count = await countOf(own(path))
    for (let again = 0; again < 2; again++) {
      const replay = await post(acme, own(path), key, same)
      expect([replay.status, replay.body]).toEqual([first.status, first.body])
      expect(replay.headers.get('location')).toBe(first.headers.get('location'))
      expect(replay.headers.get('idempotency-replayed')).toBe('true')
    }
    for (const [otherPath = path, other] of others)
      expect(outcome(await post(acme, own(otherPath), key, other))).toEqual([422, 'idempotency.mismatch'])
    expect(await countOf(own(path))).toBe(count)
  })
})

async function countOf(path: string): Promise<number> {
  const table =
    path === '/courses'
      ? 'courses'
      : path.includes('/materials')
        ? 'materials'
        : path.includes('/slide')
          ? 'slide_mappings'
          : 'jobs'
  const counted = await app.services.db.forTenant(acme.tenantId, (tx) =>
    tx
      .selectFrom(table)
      .select(({ fn }) => fn.countAll<string>().as('count'))
      .executeTakeFirstOrThrow(),
  )
  return Number(counted.count)
}

describe('the same key', () => {
  test('does not care for the order of fields, but for the operation', async () => {
    const key = newKey()
    const { body } = await post(acme, '/courses', key, { json: { title: 'Курс', external_id: 'order' } })
    expect((await post(acme, '/courses', key, { json: { external_id: 'order', title: 'Курс' } })).body.id).toBe(body.id)
    expect(outcome(await post(acme, `/courses/${body.id}/structure`, key, { json: {} }))).toEqual([
      422,
      'idempotency.mismatch',
    ])
  })

  test('does not care how a file is dressed: its name, type and bytes are the payload', async () => {
    const key = newKey()
    const first = await post(acme, `/courses/${courseId}/materials`, key, form(TEXT, 'same.md'))
    expect(first.status).toBe(201)
    const raw = await post(acme, `/courses/${courseId}/materials?filename=same.md&source_type=text`, key, RAW)
    expect(outcome(raw)).toEqual([201, first.body.id])
  })

  test('tries a failed material again once', async () => {
    const failed = await build.readMaterial(acme, courseId, { filename: 'зламаний.docx', text: 'це не документ' })
    const [key, path] = [newKey(), `/materials/${failed.id}/retry`]
    const first = await post(acme, path, key, {})
    expect(first.status).toBe(202)
    await build.read(acme, failed.id)
    const jobs = await countOf('/jobs')
    const replay = await post(acme, path, key, {})
    expect([replay.status, replay.body, replay.headers.get('location')]).toEqual([
      202,
      first.body,
      first.headers.get('location'),
    ])
    expect(await countOf('/jobs')).toBe(jobs)
  })

  test('belongs to each tenant alone', async () => {
    const key = newKey()
    const rival = await app.as('Суперник')
    const [ours, theirs] = [await create(key), await create(key, 'Основи', rival)]
    expect(theirs.status).toBe(201)
    expect(theirs.body.id).not.toBe(ours.body.id)
  })

  test('many times at once makes one course', async () => {
    const key = newKey()
    const answers = await Promise.all(Array.from({ length: 30 }, () => create(key, 'Разом')))
    const ids = new Set(answers.filter(({ status }) => status === 201).map(({ body }) => body.id))
    expect(ids.size).toBe(1)
    const others = answers.filter(({ status }) => status !== 201)
    for (const { status, body, headers } of others)
      expect([status, body.code, headers.get('retry-after')]).toEqual([409, 'idempotency.in_progress', '5'])
    const { body } = await acme.get('/courses?limit=100')
    expect(body.items.filter(({ title }: { title: string }) => title === 'Разом')).toHaveLength(1)
  })

  test('is held by a request that runs, and freed when its process was silent for its lease', async () => {
    const key = newKey()
    await claim(key, new Date(Date.now() + 60_000))
    expect(outcome(await create(key))).toEqual([409, 'idempotency.in_progress'])
    await row(key).set({ leased_until: ago(1) })
    expect((await create(key)).status).toBe(201)
  })

  test('is leased for no more than a minute', async () => {
    const key = newKey()
    await create(key)
    const lease = (await row(key).find())?.leased_until.getTime() ?? Number.POSITIVE_INFINITY
    expect(lease).toBeLessThanOrEqual(Date.now() + 60_000)
  })

  test.each([
    ['422', '/courses', { json: { title: ' ' } }, 422],
    ['404', `/courses/${newId()}/structure`, { json: {} }, 404],
    ['409', '/courses', { json: { title: 'Курс', external_id: 'taken' } }, 409],
    ['404', '/courses/:id/check-homework', { json: { student_id: 's', exercise_id: newId(), answer: 1 } }, 404],
    ['415', '/courses/:id/materials?source_type=text&filename=a.exe', RAW, 415],
  ])('is free again after a %s', async (_what, path, options, status) => {
    if (status === 409) await acme.post('/courses', { title: 'Курс', external_id: 'taken' })
    const key = newKey()
    expect((await post(acme, path.replace(':id', courseId), key, options)).status).toBe(status)
    expect(await row(key).find()).toBeUndefined()
    expect((await create(key)).status).toBe(201)
  })

  test('is forgotten after a day', async () => {
    const key = newKey()
    const { body } = await create(key)
    await row(key).set({ created_at: ago(23 * 3_600_000), leased_until: ago(22 * 3_600_000) })
    expect((await create(key)).body.id).toBe(body.id)
    await row(key).set({ created_at: ago(24 * 3_600_000 + 1_000) })
    const again = await create(key)
    expect(again.status).toBe(201)
    expect(again.body.id).not.toBe(body.id)
  })

  test.each(['a b', 'x'.repeat(256), 'é', ''])('must be visible ASCII of 1 to 255 characters, not %j', async (key) => {
    const { status, body } = await create(key)
    expect([status, body.errors?.[0].path]).toEqual([422, 'Idempotency-Key'])
  })
})

describe('a client that never heard the answer', () => {
  test('gets it when it asks again, and nothing was made twice', async () => {
    const client = await app.as('Без звʼязку')
    const key = newKey()
    const body = JSON.stringify({ title: 'Загублений' })
    const wire = await openWire(app.url)
    const headers = { 'x-api-key': client.key, 'content-type': 'application/json', 'idempotency-key': key }
    wire.send(head('POST', '/api/v1/courses', { ...headers, 'content-length': Buffer.byteLength(body) }) + body)
    const { body: list } = await until(
      () => client.get('/courses'),
      (answer) => answer.body.items.length === 1,
    )
    wire.socket.destroy()
    const replay = await create(key, 'Загублений', client)
    expect(outcome(replay)).toEqual([201, list.items[0].id])
    expect((await client.get('/courses')).body.items).toHaveLength(1)
  })

  test('sends no file again whose digest it declares', async () => {
    const key = newKey()
    const path = `/courses/${courseId}/materials?source_type=text&filename=long.md`
    const digest = { ...RAW.headers, 'repr-digest': digestOf(TEXT) }
    const first = await post(acme, path, key, { ...RAW, headers: digest })
    const headers = { ...digest, 'x-api-key': acme.key, 'idempotency-key': key, 'content-length': 500_000_000 }
    const replay = await exchange(app.url, head('POST', `/api/v1${path}`, headers))
    expect([replay.status, JSON.parse(replay.body)]).toEqual([201, first.body])
    const other = { ...headers, 'repr-digest': digestOf('інше') }
    const refused = await exchange(app.url, head('POST', `/api/v1${path}`, other))
    expect([refused.status, JSON.parse(refused.body).code]).toEqual([422, 'idempotency.mismatch'])
  })
})
