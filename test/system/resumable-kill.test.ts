import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { build, until } from '#test/build.ts'
import { createClient } from '#test/client.ts'
import { cloneDatabase, queryAsSuperuser, type TestDatabase } from '#test/database.ts'
import { type RunningProgram, runCommand, startProgram } from '#test/program.ts'
import { idOf, offsetOf, sendByTus, tus } from '#test/tus.ts'

const PART = 8 * 1024 * 1024

let database: TestDatabase
let folder: string
let running: RunningProgram | undefined

beforeAll(async () => {
  database = await cloneDatabase()
  folder = await mkdtemp(join(tmpdir(), 'course-supporter-resumable-kill-'))
})
afterAll(async () => {
  await running?.kill()
  await database.drop()
  await rm(folder, { recursive: true, force: true })
})

test('killed while it writes files, the program has what it said was safe', { timeout: 120_000 }, async () => {
  const env = {
    ...{ DATA_DIR: folder, LOG_LEVEL: 'warn', DRAIN_SECONDS: '5' },
    ...{ DATABASE_URL: database.urls.app, WORKER_DATABASE_URL: database.urls.queue },
  }
  await runCommand(env, 'tenant', 'create', '--name', 'Академія')
  const order = ['--tenant', 'Академія', '--scopes', 'prep', '--rate-prep', '1000', '--json']
  const { key } = JSON.parse(await runCommand(env, 'key', 'create', ...order))
  running = await startProgram(env)
  const bytes = randomBytes(2 * PART + 5)
  const { id: courseId } = await build.course(createClient(running.url, key))
  const location = await tus.begin(createClient(running.url, key), courseId, { length: bytes.length })
  const sending = tus.open(running.url + location, { offset: 0, length: bytes.length })
  sending.send(bytes.subarray(0, 1.5 * PART))
  await until(
    () => queryAsSuperuser(database, 'SELECT offset_bytes FROM uploads'),
    ([row]) => Number(row?.['offset_bytes']) >= PART,
  )
  await running.kill()
  await expect(sending.answer).rejects.toThrow()

  running = await startProgram(env)
  const offset = offsetOf(await tus.look(createClient(running.url), location))
  expect(offset).toBeGreaterThanOrEqual(PART)
  await sendByTus(bytes, { uploadUrl: running.url + location })
  const { body } = await createClient(running.url, key).get(`/materials/${idOf(location)}/content`)
  const stored = Buffer.from(await (await fetch(new URL(body.url, running.url))).arrayBuffer())
  expect(stored.equals(bytes)).toBe(true)
})
