import { createHash, randomBytes } from 'node:crypto'
import { rename, rm, writeFile } from 'node:fs/promises'
import pg from 'pg'
import { afterAll, afterEach, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { Failure } from '#kernel/failure.ts'
import { startApp, type TestApp } from '#test/app.ts'
import { build, until } from '#test/build.ts'
import { filesBelow } from '#test/files-below.ts'
import { form } from '#test/form.ts'
import { keptFiles } from '#test/kept-files.ts'
import { openRequest } from '#test/open-request.ts'

const BYTES = randomBytes(300_000)
const RAW = { 'content-type': 'text/plain', 'content-length': BYTES.length }
const FORM = form({ name: 'file', filename: 'файл.txt', content: BYTES }, { name: 'source_type', content: 'text' })

let app: TestApp
let acme: Awaited<ReturnType<TestApp['as']>>
let course: string
let superuser: pg.Client

beforeAll(async () => {
  app = await startApp({ maxUploadBytes: 400_000 })
  acme = await app.as('Академія')
  course = (await build.course(acme)).id
  superuser = new pg.Client({ connectionString: app.database.urls.superuser })
  await superuser.connect()
})
afterAll(async () => {
  await superuser.end()
  await app.close()
})

const QUERY = '?source_type=text&filename=a.txt'
const upload = (headers: Record<string, string> = {}, body: string | Uint8Array = BYTES) =>
  acme.request('POST', `/courses/${course}/materials${QUERY}`, {
    body,
    headers: { 'content-type': 'text/plain', ...headers },
  })
const open = (
  headers: Record<string, string | number>,
  { of = app, query = QUERY, id = course, key = acme.key } = {},
) => openRequest(`${of.url}/api/v1/courses/${id}/materials${query}`, { 'x-api-key': key, ...headers })
const openForm = (where: Parameters<typeof open>[1] = {}) =>
  open({ ...FORM.headers, 'content-length': FORM.body.length }, { ...where, query: '' })
const incoming = (of = app) =>
  until(
    () => filesBelow(of.objectsFolder),
    (files) => files.some((file) => file.startsWith('.incoming')),
  )

async function expectNothingKept(of = app) {
  const left = async () => {
    const { rows } = await superuser.query(
      `SELECT (SELECT count(*) FROM materials) + (SELECT count(*) FROM jobs) + (SELECT count(*) FROM uploads)
         + (SELECT coalesce(sum(used_bytes + reserved_bytes), 0) FROM storage_usage) AS left`,
    )
    return [...(await keptFiles(of)), ...rows]
  }
  await until(left, (found) => JSON.stringify(found) === '[{"left":"0"}]')
}

describe('nothing is kept', () => {
  afterEach(() => expectNothingKept())

  test.each(['raw', 'a stream', 'a form'])('of a body that its client cuts: %s', async (dress) => {
    const { 'content-type': type } = RAW
    const request = dress === 'a form' ? openForm() : open(dress === 'raw' ? RAW : { 'content-type': type })
    request.send(dress === 'a form' ? FORM.body.slice(0, 200_000) : BYTES.subarray(0, 200_000))
    await incoming()
    request.cut()
    await expectNothingKept()
    // That is the client's doing: nobody is to be woken at night.
    expect(app.logged.filter((line) => /unexpected error|error underneath/.test(line))).toEqual([])
  })

  test('of a body with an Idempotency-Key that its client cuts', async () => {
    const request = open({ ...RAW, 'idempotency-key': 'cut' })
    request.send(BYTES.subarray(0, 100_000))
    await incoming()
    request.cut()
    await expectNothingKept()
    // The key is free again.
    const { status, body } = await until(
      () => upload({ 'idempotency-key': 'cut' }),
      ({ status }) => status !== 409,
    )
    expect(status).toBe(201)
    await discard(body.id)
  })

  test('when the database refuses the row', async () => {
    await breakInserts('RAISE EXCEPTION $$Ні$$;')
    expect((await upload()).body).toMatchObject({ status: 500, code: 'internal' })
    expect((await acme.request('POST', `/courses/${course}/materials`, FORM)).status).toBe(500)
  })

  test('when the database goes away', async () => {
    await breakInserts('PERFORM pg_terminate_backend(pg_backend_pid());')
    expect((await upload()).body).toMatchObject({ status: 503, code: 'service.unavailable' })
  })

  test('when the storage fails', async () => {
    const aside = `${app.objectsFolder}-aside`
    await rename(app.objectsFolder, aside)
    await writeFile(app.objectsFolder, '')
    const { body, headers } = await upload()
    expect(body).toMatchObject({ status: 503, code: 'service.unavailable' })
    expect(headers.get('retry-after')).toBe('5')
    await rm(app.objectsFolder)
    await rename(aside, app.objectsFolder)
  })

  test('when 1000 jobs of the tenant wait', async () => {
    await superuser.query(
      `INSERT INTO jobs (id, tenant_id, kind, scope, priority, payload, run_after)
       SELECT gen_random_uuid(), $1, 'waiting', 'prep', 0, '{}', 'infinity' FROM generate_series(1, 1000)`,
      [acme.tenantId],
    )
    const json = { source_type: 'web', source_url: 'https://example.com/' }
    for (const answer of [await upload(), await acme.post(`/courses/${course}/materials`, json)]) {
      expect(answer.body).toMatchObject({ status: 429, code: 'queue.full' })
      expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0)
    }
    const rival = await app.as('Суперник')
    const { id } = await build.material(rival, (await build.course(rival)).id)
    await discard(id)
    await superuser.query('DELETE FROM jobs')
  })

  test('when the course is deleted while its file arrives', async () => {
    const { id } = await build.course(acme)
    const request = open(RAW, { id })
    request.send(BYTES.subarray(0, 200_000))
    await incoming()
    expect((await acme.delete(`/courses/${id}`)).status).toBe(204)
    request.send(BYTES.subarray(200_000))
    expect((await request.answer).body).toMatchObject({ status: 404, code: 'course.not_found' })
  })

  test('when the course is deleted between the last look and the row', async () => {
    const { id } = await build.course(acme)
    await superuser.query('BEGIN')
    await superuser.query('DELETE FROM courses WHERE id = $1', [id])
    const request = open(RAW, { id })
    request.send(BYTES)
    const waiting = `SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`
    await until(
      () => superuser.query(waiting),
      ({ rowCount }) => rowCount === 1,
    )
    await superuser.query('COMMIT')
    expect((await request.answer).body).toMatchObject({ status: 404, code: 'course.not_found' })
  })
})

test('a client that falls silent gets 408, and nothing is kept', async () => {
  const impatient = await startApp({ uploadStallMs: 200, maxConcurrentUploads: 16 })
  onTestFinished(() => impatient.close())
  const client = await impatient.as('Академія')
  const where = { of: impatient, id: (await build.course(client)).id, key: client.key }
  const rawHead = open(RAW, where)
  const rawHalf = open(RAW, where)
  rawHalf.send(BYTES.subarray(0, 100_000))
  const formHead = openForm(where)
  const formHalf = openForm(where)
  formHalf.send(FORM.body.slice(0, 100_000))
  const formTail = openForm(where)
  formTail.send(FORM.body.slice(0, -30))
  for (const { answer } of [rawHead, rawHalf, formHead, formHalf, formTail]) {
    expect((await answer).body).toMatchObject({ status: 408, code: 'request.timeout' })
  }
  await until(
    () => keptFiles(impatient),
    (files) => files.length === 0,
  )
  expect((await client.get(`/courses/${where.id}/materials`)).body.items).toEqual([])
})

test('an upload whose commit went unanswered is accepted with its bytes', async () => {
  const { db } = app.services
  const { forTenant } = db
  // The first transaction looks, the second inserts: its answer is lost.
  let transactions = 0
  db.forTenant = async (tenantId, work) => {
    const result = await forTenant(tenantId, work)
    transactions += 1
    if (transactions === 2) throw new Failure('unavailable', 'service.unavailable', 'The answer was lost.')
    return result
  }
  onTestFinished(() => {
    db.forTenant = forTenant
  })
  const { status, body } = await upload()
  expect(status).toBe(201)
  expect(await filesBelow(app.objectsFolder)).toEqual([`${acme.tenantId}/${course}/${body.id}`])
  await discard(body.id)
})

describe('with an Idempotency-Key', () => {
  const digestOf = (bytes: Uint8Array) => `sha-256=:${createHash('sha256').update(bytes).digest('base64')}:`
  const sendForm = (key: string, { headers, body } = FORM) =>
    acme.request('POST', `/courses/${course}/materials`, { body, headers: { ...headers, 'idempotency-key': key } })

  test.each([
    [
      'bytes',
      'raw',
      (key: string) => upload({ 'idempotency-key': key }),
      (key: string) => upload({ 'idempotency-key': key }, 'інше'),
    ],
    [
      'a form',
      'form',
      (key: string) => sendForm(key),
      (key: string) =>
        sendForm(
          key,
          form({ name: 'source_type', content: 'text' }, { name: 'file', filename: 'інша.txt', content: BYTES }),
        ),
    ],
  ])('%s sent again are the first material, others are refused', async (_what, key, send, sendOther) => {
    const first = await send(key)
    expect(first.status).toBe(201)
    const again = await send(key)
    expect([again.status, again.body, again.headers.get('location')]).toEqual([
      201,
      first.body,
      first.headers.get('location'),
    ])
    expect((await sendOther(key)).body).toMatchObject({ status: 422, code: 'idempotency.mismatch' })
    expect(await filesBelow(app.objectsFolder)).toEqual([`${acme.tenantId}/${course}/${first.body.id}`])
    await discard(first.body.id)
  })

  test('a replay is held to the limits, too', async () => {
    const { body } = await upload({ 'idempotency-key': 'limits' })
    const replay = open({ 'content-type': 'text/plain', 'idempotency-key': 'limits' })
    replay.send(Buffer.concat([BYTES, BYTES]))
    expect((await replay.answer).body.code).toBe('material.too_large')
    const cut = open({ ...RAW, 'idempotency-key': 'limits' })
    cut.send(BYTES.subarray(0, 100_000))
    cut.cut()
    await discard(body.id)
  })

  test('a declared digest answers a replay before its body', async () => {
    const headers = { 'idempotency-key': 'digest', 'repr-digest': digestOf(BYTES) }
    const { body } = await upload(headers)
    expect((await open({ ...RAW, ...headers }).answer).body).toEqual(body)
    const other = { ...headers, 'repr-digest': digestOf(Buffer.from('інше')) }
    expect((await open({ ...RAW, ...other }).answer).body.code).toBe('idempotency.mismatch')
    await discard(body.id)
  })

  test('a second request while the first runs is a conflict, before its body', async () => {
    const headers = { ...RAW, 'idempotency-key': 'running' }
    const first = open(headers)
    first.send(BYTES.subarray(0, 100_000))
    await incoming()
    expect((await open(headers).answer).body).toMatchObject({ status: 409, code: 'idempotency.in_progress' })
    first.send(BYTES.subarray(100_000))
    const { status, body } = await first.answer
    expect(status).toBe(201)
    await discard(body.id)
  })

  test('a refused upload frees its key', async () => {
    const headers = { 'idempotency-key': 'freed', 'repr-digest': digestOf(Buffer.from('інше')) }
    expect((await upload(headers)).body.code).toBe('material.digest_mismatch')
    const { status, body } = await upload({ 'idempotency-key': 'freed' })
    expect(status).toBe(201)
    await discard(body.id)
  })
})

/** Makes every insert of a material in this database do this instead, until the test ends. */
async function breakInserts(statement: string) {
  await superuser.query(
    `CREATE FUNCTION break() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $body$ BEGIN ${statement} RETURN NEW; END $body$`,
  )
  await superuser.query('CREATE TRIGGER break BEFORE INSERT ON materials FOR EACH ROW EXECUTE FUNCTION break()')
  onTestFinished(async () => void (await superuser.query('DROP FUNCTION break CASCADE')))
}

async function discard(id: string) {
  await superuser.query('DELETE FROM materials WHERE id = $1', [id])
  await superuser.query('DELETE FROM jobs')
  for (const file of await filesBelow(app.objectsFolder))
    if (file.endsWith(id)) await rm(`${app.objectsFolder}/${file}`)
}
