import { createHash } from 'node:crypto'
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { sweep } from '#features/storage/index.ts'
import { newId } from '#platform/ids/index.ts'
import { startApp, type TestApp } from '#test/app.ts'
import { build, until } from '#test/build.ts'
import type { Client } from '#test/client.ts'
import { commandLine } from '#test/command-line.ts'
import { queryAsSuperuser } from '#test/database.ts'
import { type Model, startModel } from '#test/fakes/llm/server.ts'
import { filesBelow } from '#test/files-below.ts'
import { keptFiles } from '#test/kept-files.ts'
import { recordCalls } from '#test/ledger.ts'
import { handIn, type School, school } from './fixtures/school.ts'
import { studentsWork } from './index.ts'
import { createStudentHashes } from './student-hash.ts'

let model: Model
let app: TestApp
let client: Client & { tenantId: string }
let rival: Client & { tenantId: string }
let made: School

beforeAll(async () => {
  model = await startModel()
  app = await startApp({
    worker: true,
    llm: { keys: { openai: { apiKey: 'test-key', baseUrl: model.baseUrls.openai } } },
  })
  client = await app.as('Академія')
  rival = await app.as('Суперник')
  made = await school(client, [3])
})
afterAll(async () => {
  await app.close()
  await model.close()
})

let students = 0
const newStudent = () => `ґанна.їжаченко-${++students}@школа.укр`
const exercise = (index = 0) => made.lessons[0]?.exercises[index] ?? ''
const hashOf = (student: string) => createStudentHashes(app.services.secret).of(client.tenantId, student)
const hashWithoutKey = (student: string) => createHash('sha256').update(`${client.tenantId}${student}`).digest('hex')
const pathOf = (student: string) => `/students/${encodeURIComponent(student)}`
const superuser = <R extends Record<string, unknown>>(text: string, values: unknown[] = []) =>
  queryAsSuperuser<R>(app.database, text, values)

/** In which tables of the database, the queue's own too, a text occurs in any column. */
async function whereIs(text: string): Promise<string[]> {
  const tables = await superuser<{ name: string }>(
    `SELECT format('%I.%I', n.nspname, c.relname) AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE c.relkind IN ('r', 'p') AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast') ORDER BY 1`,
  )
  const found: string[] = []
  for (const { name } of tables) {
    const [row] = await superuser(`SELECT 1 FROM ${name} t WHERE strpos(to_jsonb(t)::text, $1) > 0 LIMIT 1`, [text])
    if (row !== undefined) found.push(name)
  }
  return found
}

async function deliver(student: string) {
  await superuser(
    `INSERT INTO webhook_deliveries (id, tenant_id, event, scope, payload, student_id, status, next_attempt_at)
     VALUES ($1, $2, 'submission.done', 'check', jsonb_build_object('student_id', $3::text), $3, 'delivered', NULL)`,
    [newId(), client.tenantId, student],
  )
}

/** A student who has left traces wherever one can: a file, an answer of a model, responses, an event, a review. */
async function leaveTraces(student: string) {
  const first = await handIn(client, made, { student, exercise: exercise(), headers: { 'idempotency-key': newId() } })
  await client.post(
    `/courses/${made.courseId}/check-homework`,
    { student_id: student, exercise_id: exercise(1), answer: 5 },
    { 'idempotency-key': newId(), prefer: 'wait=1' },
  )
  const objectKey = `${client.tenantId}/${made.courseId}/${newId()}`
  const bytes = Buffer.from('Моя відповідь у файлі')
  const body = (async function* () {
    yield bytes
  })()
  const stored = await app.services.objects.put(objectKey, body, { maxBytes: 1_000 })
  await superuser(
    `UPDATE submissions SET object_key = $2, filename = 'відповідь.txt', content_type = 'text/plain', size_bytes = $3, sha256 = $4 WHERE id = $1`,
    [first, objectKey, stored.size, stored.sha256],
  )
  await superuser(
    `INSERT INTO llm_answers (tenant_id, course_id, fingerprint, step, answer, provider, model, prompt_version, submission_id)
     VALUES ($1, $2, encode(sha256($3::uuid::text::bytea), 'hex'), 'check', '{}', 'openai', 'm', 'check@1', $3)`,
    [client.tenantId, made.courseId, first],
  )
  await deliver(student)
  return { first, objectKey, stored }
}

test('an erased person is nowhere in the database or the storage, and asked again unknown', async () => {
  const [student, other] = [newStudent(), newStudent()]
  const { objectKey } = await leaveTraces(student)
  await leaveTraces(other)
  await recordCalls(app.database, [{ tenant_id: client.tenantId, course_id: made.courseId, cost_nano_usd: '7' }])
  expect(await whereIs(student)).toEqual([
    'public.attempt_counters',
    'public.idempotency_keys',
    'public.submissions',
    'public.webhook_deliveries',
  ])
  const spent = async () => (await client.get('/reports/cost')).body.summary
  const before = await spent()
  const { status, body } = await client.delete(pathOf(student))
  expect(status).toBe(200)
  expect(body).toEqual({
    ...{ submissions: 2, gradings: 2, files: 1, answers: 1, responses: 2, deliveries: 1, counters: 2 },
  })
  expect(await whereIs(student)).toEqual([])
  expect(await keptFiles(app)).not.toContain(objectKey)
  expect(await spent()).toEqual(before)
  for (const answer of [
    await client.delete(pathOf(student)),
    await client.get(`${pathOf(student)}/progress`),
    await client.get(`${pathOf(student)}/export`),
  ])
    expect([answer.status, answer.body.code]).toEqual([404, 'student.not_found'])
  expect(await whereIs(other)).toHaveLength(4)
  expect((await client.get(`${pathOf(other)}/progress`)).body.courses[0].exercises_attempted).toBe(2)
  expect(app.logged.join('')).not.toContain('їжаченко')
})

test('nobody erases or exports another’s', async () => {
  const student = newStudent()
  await handIn(client, made, { student, exercise: exercise() })
  const theirs = await school(rival, [1])
  await handIn(rival, theirs, { student, exercise: theirs.lessons[0]?.exercises[0] ?? '' })
  expect((await rival.delete(pathOf(student))).body.submissions).toBe(1)
  for (const answer of [await rival.delete(pathOf(student)), await rival.get(`${pathOf(student)}/export`)])
    expect([answer.status, answer.body.code]).toEqual([404, 'student.not_found'])
  expect((await client.get(`${pathOf(student)}/progress`)).status).toBe(200)
})

test('whoever comes back begins anew', async () => {
  const student = newStudent()
  const order = { student, exercise: exercise(), headers: { 'idempotency-key': newId() } }
  const first = await handIn(client, made, order)
  await client.delete(pathOf(student))
  const second = await handIn(client, made, order)
  expect(second).not.toBe(first)
  expect((await client.get(`/submissions/${second}`)).body).toMatchObject({ attempt: 1, status: 'done' })
  expect((await client.get(`/submissions/${first}`)).status).toBe(404)
})

test('whatever is handed in at the same moment came before or after', async () => {
  const student = newStudent()
  const answers = Array.from({ length: 24 }, (_, index) => index)
  const outcomes = await Promise.all(
    answers.map(async (index) => {
      if (index % 4 === 3) return (await client.delete(pathOf(student))).status
      const homework = { student_id: student, exercise_id: exercise(index % 2), answer: index % 6 }
      const headers = { 'idempotency-key': newId(), prefer: 'wait=1' }
      return (await client.post(`/courses/${made.courseId}/check-homework`, homework, headers)).status
    }),
  )
  expect(outcomes.filter((status) => ![200, 404].includes(status))).toEqual([])
  // Numbers go on from what is left, and nothing of what went is remembered.
  const left = await superuser<{ used: number; highest: number }>(
    `SELECT c.attempts AS used, coalesce((SELECT max(attempt) FROM submissions s
       WHERE (s.exercise_id, s.student_id) = (c.exercise_id, c.student_id)), 0) AS highest
     FROM attempt_counters c WHERE student_id = $1`,
    [student],
  )
  for (const { used, highest } of left) expect(used).toBe(highest)
  const kept = await superuser(
    `SELECT FROM idempotency_keys WHERE reply_body ->> 'student_id' = $1
       AND NOT EXISTS (SELECT FROM submissions WHERE id::text = reply_body ->> 'id')`,
    [student],
  )
  expect(kept).toEqual([])
  await client.delete(pathOf(student))
  expect(await whereIs(student)).toEqual([])
})

test('a check that runs ends quietly, and leaves nothing', async () => {
  const student = newStudent()
  const { id: courseId } = await build.course(client)
  const open = { kind: 'open', description: 'Що таке змінна?', reference_solution: 'Ім’я для значення.' }
  const lesson = {
    title: 'Змінні',
    exercises: [{ ...open, criteria: [{ id: 'a', text: 'Є', weight: 1, required: true }] }],
  }
  const { body: course } = await client.put(`/courses/${courseId}/structure`, {
    modules: [{ title: 'Основи', lessons: [lesson] }],
  })
  const release = model.hold()
  const calls = model.calls.length
  const { status } = await client.post(`/courses/${courseId}/check-homework`, {
    ...{ student_id: student, exercise_id: course.modules[0].lessons[0].exercises[0].id },
    answer: 'Змінна — це ім’я, за яким програма знаходить значення. Я назвав би її коробкою.',
  })
  expect(status).toBe(202)
  await model.called(calls + 1)
  expect((await client.delete(pathOf(student))).body).toMatchObject({ submissions: 1, counters: 1 })
  release()
  const jobs = () => superuser<{ status: string }>(`SELECT status FROM jobs WHERE course_id = $1`, [courseId])
  const ended = await until(jobs, (rows) => rows.every((row) => !['queued', 'running'].includes(row.status)))
  // Asked to stop, it may have come to its end already, with nothing to write down.
  expect(['cancelled', 'done']).toContain(ended[0]?.status)
  expect(await whereIs(student)).toEqual([])
  expect(await superuser('SELECT FROM llm_answers WHERE course_id = $1', [courseId])).toEqual([])
  const paid = () => superuser('SELECT outcome FROM llm_calls WHERE course_id = $1', [courseId])
  await until(paid, (rows) => rows.length === 1)
  expect(await superuser('SELECT FROM llm_reservations')).toEqual([])
  const errors = app.logged.map((line) => JSON.parse(line)).filter(({ level }) => Number(level) >= 50)
  expect(errors).toEqual([])
})

test('the storage knows of an erasure, and never takes it for garbage', async () => {
  const student = newStudent()
  await handIn(client, made, { student, exercise: exercise() })
  await client.delete(pathOf(student))
  const file = `erasures/${client.tenantId}/${hashOf(student)}.json`
  expect(await filesBelow(app.objectsFolder)).toContain(file)
  const text = await readFile(join(app.objectsFolder, file), 'utf8')
  expect(JSON.parse(text)).toEqual({
    tenant_id: client.tenantId,
    student_hash: hashOf(student),
    erased_at: expect.stringMatching(/Z$/),
  })
  expect(text).not.toContain('їжаченко')
  // Whoever has the list alone and guesses whose it is cannot tell.
  expect(text).not.toContain(hashWithoutKey(student))
  const { others } = await sweep(app.services, { confirm: true, graceMs: -60_000 })
  expect(others).toBe(0)
  expect(await filesBelow(app.objectsFolder)).toContain(file)
})

test('what the storage does not take at once comes later', async () => {
  const student = newStudent()
  await handIn(client, made, { student, exercise: exercise() })
  const folder = join(app.objectsFolder, 'erasures')
  await rm(folder, { recursive: true, force: true })
  await writeFile(folder, 'a file where there should be a folder')
  expect((await client.delete(pathOf(student))).status).toBe(200)
  const { copyErasures } = studentsWork(app.services)
  await expect(copyErasures(AbortSignal.timeout(5_000))).rejects.toThrow()
  await rm(folder)
  await mkdir(folder)
  expect(await copyErasures(AbortSignal.timeout(5_000))).toBeGreaterThanOrEqual(1)
  const file = `erasures/${client.tenantId}/${hashOf(student)}.json`
  expect(await filesBelow(app.objectsFolder)).toContain(file)
  expect(await copyErasures(AbortSignal.timeout(5_000))).toBe(0)
})

test('a restored backup is rid of whoever was erased after it, and keeps what they did since', async () => {
  const [student, untouched] = [newStudent(), newStudent()]
  const { objectKey } = await leaveTraces(student)
  await handIn(client, made, { student: untouched, exercise: exercise() })
  const tables = ['submissions', 'gradings', 'attempt_counters', 'webhook_deliveries']
  const backup = await Promise.all(
    tables.map((table) => superuser<{ json: unknown }>(`SELECT to_jsonb(t) AS json FROM ${table} t`)),
  )
  await client.delete(pathOf(student))
  const since = await handIn(client, made, { student, exercise: exercise(2) })
  // As far as these tables go, the database is as it was, but for what the person did since.
  await superuser('DELETE FROM attempt_counters')
  for (const [index, table] of tables.entries())
    await superuser(
      `INSERT INTO ${table} SELECT * FROM jsonb_populate_recordset(NULL::${table}, $1::jsonb) ON CONFLICT DO NOTHING`,
      [JSON.stringify(backup[index]?.map(({ json }) => json))],
    )
  await superuser('TRUNCATE erasures')
  const env = { DATABASE_URL: app.database.urls.app, DATA_DIR: dirname(app.objectsFolder) }
  const first = await commandLine(env).json('erasures', 'replay')
  expect(first).toMatchObject({
    students: 1,
    submissions: 2,
    gradings: 2,
    files: 1,
    deliveries: 1,
    counters: 2,
    unknown: 0,
  })
  expect(first.erasures).toBeGreaterThanOrEqual(1)
  const { body } = await client.get(`/courses/${made.courseId}/submissions?student_id=${encodeURIComponent(student)}`)
  expect(body.items.map(({ id }: { id: string }) => id)).toEqual([since])
  expect((await client.get(`${pathOf(untouched)}/progress`)).status).toBe(200)
  expect(await keptFiles(app)).not.toContain(objectKey)
  // Again it finds nothing; and either list alone would do.
  await rm(join(app.objectsFolder, 'erasures'), { recursive: true })
  expect(await commandLine(env).json('erasures', 'replay')).toMatchObject({ ...first, ...NOTHING, students: 0 })
  expect((await filesBelow(app.objectsFolder)).filter((name) => name.startsWith('erasures/'))).toHaveLength(
    first.erasures,
  )
  expect((await commandLine(env).run('erasures', 'replay')).out).toBe(
    `On the lists: ${first.erasures} people.\nErased again: 0.\n`,
  )
})

test('a list from before there was a key is replayed, too, and of two entries the later one', async () => {
  const student = newStudent()
  await handIn(client, made, { student, exercise: exercise() })
  const hash = hashWithoutKey(student)
  const folder = join(app.objectsFolder, 'erasures', client.tenantId)
  await mkdir(folder, { recursive: true })
  const entry = { tenant_id: client.tenantId, student_hash: hash, erased_at: new Date().toISOString() }
  await writeFile(join(folder, `${hash}.json`), JSON.stringify(entry))
  await superuser('INSERT INTO erasures (tenant_id, student_hash, erased_at) VALUES ($1, $2, $3)', [
    client.tenantId,
    hashOf(student),
    '2020-01-01T00:00:00Z',
  ])
  const env = { DATABASE_URL: app.database.urls.app, DATA_DIR: dirname(app.objectsFolder) }
  expect(await commandLine(env).json('erasures', 'replay')).toMatchObject({ students: 1, submissions: 1 })
  expect(await whereIs(student)).toEqual([])
})

const NOTHING = { submissions: 0, gradings: 0, files: 0, answers: 0, responses: 0, deliveries: 0, counters: 0 }
