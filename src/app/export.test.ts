import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createTenants } from '#features/access/index.ts'
import { emptyDiscarded } from '#features/materials/index.ts'
import { startApp, type TestApp } from '#test/app.ts'
import { build } from '#test/build.ts'
import { filesBelow } from '#test/files-below.ts'
import { recordAnswer, recordCalls, recordReservation, recordSplit } from '#test/ledger.ts'
import { exportTenant } from './export.ts'

const TEXT = '# Цикли\n\nЦикл повторює дії.\n'
// Beyond what a JavaScript number holds exactly.
const COST = '9007199254740993'

let app: TestApp
let superuser: pg.Client
let folder: string
let acme: Awaited<ReturnType<TestApp['as']>>
let rival: Awaited<ReturnType<TestApp['as']>>
let materialId: string

/** A tenant with a row in every table that can hold one. */
async function furnish(client: typeof acme) {
  const { id: course } = await build.course(client)
  const { id: video } = await build.readMaterial(client, course, {
    filename: 'лекція.srt',
    type: 'video',
    text: '1\n00:00:01,000 --> 00:00:03,000\nЦикл повторює дії.\n',
  })
  const { id } = await build.readMaterial(client, course, { text: TEXT })
  await client.post(`/courses/${course}/slide-mapping`, {
    mappings: [{ slide_number: 1, video_timecode: '00:01', video_id: video }],
  })
  const detail = await build.structure(client, course)
  const keyed = { kind: 'number', description: '2 + 2 = ?', answer_key: { value: 4, tolerance: 0 } }
  detail.modules[0].lessons[0].exercises = [{ kind: 'open', description: 'Що таке цикл?' }, keyed]
  const { status, body } = await client.put(`/courses/${course}/structure`, detail)
  expect(status).toBe(200)
  const exercise_id = body.modules[0].lessons[0].exercises[1].id
  for (const student_id of ['учениця', 'забута'])
    await client.post(`/courses/${course}/check-homework`, { student_id, exercise_id, answer: 4 })
  await client.delete(`/students/${encodeURIComponent('забута')}`)
  await client.post('/courses', { title: 'Ще один' }, { 'idempotency-key': 'once' })
  await client.put('/webhook', { url: 'https://lms.example/hook', events: ['material.error'] })
  await client.post('/webhook/test')
  const own = { tenant_id: client.tenantId, course_id: course }
  await recordCalls(app.database, [{ ...own, cost_nano_usd: COST }])
  await recordReservation(app.database, { tenant_id: client.tenantId, nano_usd: '5' })
  await recordAnswer(app.database, own)
  await recordSplit(app.database, { ...own, exercise_id })
  await superuser.query(
    `INSERT INTO uploads (id, tenant_id, course_id, kind, object_key, reserved_bytes, partial, expires_at)
     VALUES (gen_random_uuid(), $1, $2, 'resumable', $1::uuid || '/upload', 7, '{"uploadId": "of the bucket"}', now() + interval '1 hour')`,
    [client.tenantId, course],
  )
  return id as string
}

/** How many rows a tenant has, by table. */
async function countRows(tenantId: string): Promise<Record<string, number>> {
  const { rows: tables } = await superuser.query<{ name: string }>(
    `SELECT DISTINCT table_name AS name FROM information_schema.columns WHERE table_schema = 'public' AND column_name = 'tenant_id' ORDER BY 1`,
  )
  const counts: Record<string, number> = {}
  for (const { name } of tables) {
    const { rows } = await superuser.query(`SELECT count(*)::int AS count FROM ${name} WHERE tenant_id = $1`, [
      tenantId,
    ])
    counts[name] = rows[0].count
  }
  const { rows } = await superuser.query('SELECT count(*)::int AS count FROM tenants WHERE id = $1', [tenantId])
  return { ...counts, tenants: rows[0].count }
}

/** The tables, of every schema, with a row that has this text anywhere. */
async function tablesThatName(text: string): Promise<string[]> {
  const { rows: tables } = await superuser.query<{ name: string }>(
    `SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema')`,
  )
  const found: string[] = []
  for (const { name } of tables) {
    const { rowCount } = await superuser.query(`SELECT FROM ${name} AS t WHERE strpos(t::text, $1) > 0 LIMIT 1`, [text])
    if (rowCount) found.push(name)
  }
  return found
}

beforeAll(async () => {
  app = await startApp({ worker: true })
  superuser = new pg.Client({ connectionString: app.database.urls.superuser })
  await superuser.connect()
  folder = await mkdtemp(join(tmpdir(), 'course-supporter-export-'))
  acme = await app.as('Академія')
  rival = await app.as('Суперник')
  materialId = await furnish(acme)
  await furnish(rival)
})
afterAll(async () => {
  await superuser.end()
  await rm(folder, { recursive: true })
  await app.close()
})

test('an export has every row of the tenant and nobody else’s, exactly, with its files and without its secrets', async () => {
  const out = join(folder, 'академія')
  const counts = await countRows(acme.tenantId)
  expect(Object.entries(counts).filter(([, count]) => count === 0)).toEqual([])
  const { rows, files, missing } = await exportTenant(app.services, acme.tenantId, out)
  expect({ rows, files, missing }).toEqual({
    rows: Object.values(counts).reduce((a, b) => a + b),
    files: 2,
    missing: [],
  })

  const written = await readdir(out)
  expect(written.toSorted()).toEqual(
    [...Object.keys(counts).map((table) => `${table}.jsonl`), 'README.md', 'files'].toSorted(),
  )
  const readme = await readFile(join(out, 'README.md'), 'utf8')
  const described = [...readme.matchAll(/^\| (\w+)\.jsonl \| (\d+) \| (.+) \|$/gm)]
  expect(Object.fromEntries(described.map(([, table, rows]) => [table, Number(rows)]))).toEqual(counts)
  let all = ''
  for (const [table, count] of Object.entries(counts)) {
    const text = await readFile(join(out, `${table}.jsonl`), 'utf8')
    const lines = text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line))
    expect([table, lines.length]).toEqual([table, count])
    expect(lines.every((line) => (line.tenant_id ?? line.id) === acme.tenantId)).toBe(true)
    all += text
  }
  expect(all).toContain(COST)
  expect(all).toContain('Цикл повторює дії.')
  expect(all).not.toContain(rival.tenantId)
  expect(all).not.toContain('of the bucket')
  const { rows: hashes } = await superuser.query('SELECT key_hash FROM api_keys')
  for (const { key_hash } of hashes) expect(all).not.toContain(key_hash)
  const { rows: sealed } = await superuser.query("SELECT encode(secret, 'hex') AS secret FROM webhooks")
  expect(sealed).toHaveLength(2)
  for (const { secret } of sealed) expect(all).not.toContain(secret)
  expect(all).not.toContain(acme.key)
  expect(await readFile(join(out, 'files', `${materialId}.md`), 'utf8')).toBe(TEXT)
  expect((await stat(out)).mode & 0o077).toBe(0)
})

test('an export does not touch a folder that exists', async () => {
  await expect(exportTenant(app.services, acme.tenantId, folder)).rejects.toMatchObject({ code: 'export.folder' })
})

test('an export goes on without bytes that are gone, and names them', async () => {
  const [key] = (await filesBelow(app.objectsFolder)).filter((file) => file.endsWith(materialId))
  await rm(join(app.objectsFolder, key ?? ''))
  const { files, missing } = await exportTenant(app.services, acme.tenantId, join(folder, 'неповний'))
  expect({ files, missing }).toEqual({ files: 1, missing: [materialId] })
})

test('a deleted tenant leaves its costs, and nothing else in the database or in the storage', async () => {
  const rivals = await countRows(rival.tenantId)
  await createTenants(app.services).delete('Академія')
  await emptyDiscarded(app.services)
  expect((await tablesThatName(acme.tenantId)).toSorted()).toEqual(['public.llm_calls', 'public.llm_spending'])
  const { rows: left } = await superuser.query(
    'SELECT spent_nano_usd, reserved_nano_usd FROM llm_spending WHERE tenant_id = $1',
    [acme.tenantId],
  )
  // What was set aside for a call under way is spent: it may have been billed.
  expect(left).toEqual([{ spent_nano_usd: String(BigInt(COST) + 5n), reserved_nano_usd: '0' }])
  const files = await filesBelow(app.objectsFolder)
  expect(files.filter((file) => file.includes(acme.tenantId))).toEqual([])
  expect(await countRows(rival.tenantId)).toEqual(rivals)
  expect(files.filter((file) => !file.startsWith('installation')).length).toBe(3)
  expect((await acme.get('/courses')).body.code).toBe('auth.key_invalid')
})
