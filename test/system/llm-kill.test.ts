import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { build, until } from '#test/build.ts'
import { type Client, createClient } from '#test/client.ts'
import { cloneDatabase, queryAsSuperuser, type TestDatabase } from '#test/database.ts'
import { type Model, startModel } from '#test/fakes/llm/server.ts'
import { type RunningProgram, runCommand, startProgram } from '#test/program.ts'

// The program ends between any two answers of a model. What was stored is not bought again, and every attempt is in the ledger.

const NOTHING = { kind: 'delay', ms: 0 } as const
const LESSONS = ['Змінна — це імʼя, за яким програма зберігає значення.', 'Цикл — це конструкція, яка повторює дії.']
/** Of such a course: two materials are read, one course is planned, exercises are written for one module. */
const CALLS = 4

let model: Model
let database: TestDatabase
let folder: string
let env: Record<string, string>
let key: string
let running: RunningProgram | undefined
let client: Client

beforeAll(async () => {
  model = await startModel()
  database = await cloneDatabase()
  folder = await mkdtemp(join(tmpdir(), 'course-supporter-llm-kill-'))
  env = {
    ...{ DATA_DIR: folder, LOG_LEVEL: 'warn', DRAIN_SECONDS: '0' },
    ...{ DATABASE_URL: database.urls.app, WORKER_DATABASE_URL: database.urls.queue },
    ...{ OPENAI_BASE_URL: model.baseUrls.openai, OPENAI_API_KEY: 'not-a-real-key' },
  }
  await runCommand(env, 'tenant', 'create', '--name', 'Академія')
  const order = ['--tenant', 'Академія', '--scopes', 'prep', '--rate-prep', '100000', '--json']
  key = JSON.parse(await runCommand(env, 'key', 'create', ...order)).key
  await start()
})
afterAll(async () => {
  await running?.kill()
  await model?.close()
  await database?.drop()
  await rm(folder, { recursive: true, force: true })
})

async function start() {
  running = await startProgram(env)
  client = createClient(running.url, key)
}

async function end(how: 'kill' | 'stop') {
  await running?.[how]()
  running = undefined
  // What the program sent last may still be on its way to be committed.
  const left = "SELECT FROM pg_stat_activity WHERE datname = current_database() AND usename IN ('cs_app', 'cs_queue')"
  await until(
    () => queryAsSuperuser(database, left),
    (sessions) => sessions.length === 0,
  )
}

async function readCourse(): Promise<string> {
  const { id } = await build.course(client)
  for (const [index, text] of LESSONS.entries())
    await build.readMaterial(client, id, { filename: `урок ${index}.md`, text: `# Урок\n\n${text}` })
  return id
}

const rowsOf = (job: string) =>
  queryAsSuperuser<{ outcome: string; usage_source: string; cost: string }>(
    database,
    'SELECT outcome, usage_source, cost_nano_usd AS cost FROM llm_calls WHERE job_id = $1 ORDER BY id',
    [job],
  )

/** Answers that are paid for: they are stored in the transaction that says so. */
const isAnswered = ({ outcome }: { outcome: string }) => outcome === 'answered'

const cases: ['kill' | 'stop', number, object][] = [
  ...Array.from({ length: CALLS }, (_, index): ['kill', number, object] => ['kill', index + 1, {}]),
  ['kill', CALLS, { force: true }],
  // As a deploy does.
  ['stop', CALLS - 1, {}],
]

test.each(cases)('%s while answer %i is awaited: %j', { timeout: 120_000 }, async (how, nth, order) => {
  const course = await readCourse()
  if ('force' in order) await build.structure(client, course)
  model.reset()
  model.fail(...Array.from({ length: nth - 1 }, () => NOTHING), { kind: 'silence' })
  const { job_id: job } = (await client.post(`/courses/${course}/structure`, order)).body
  await model.called(nth)
  await end(how)
  const stored = (await rowsOf(job)).filter(isAnswered).length
  // Of two that are read at once, the other may have come to its end, or not.
  expect(stored).toBeGreaterThanOrEqual(nth <= 2 ? 0 : nth - 1)

  const before = model.calls.length
  await start()
  expect(await build.endedJob(client, job)).toMatchObject({ status: 'done', result: { generated_by: 'llm' } })
  expect(model.calls.length - before).toBe(CALLS - stored)

  const rows = await rowsOf(job)
  const others = rows.filter((row) => !isAnswered(row))
  expect(rows.length - others.length).toBe(CALLS)
  // One for which money was set aside may not have been sent yet: nobody can know, so it counts.
  expect(others.length).toBeGreaterThanOrEqual(before - stored)
  expect(others.length).toBeLessThanOrEqual(nth <= 2 ? 2 - stored : 1)
  for (const { outcome, usage_source, cost } of others) {
    expect([outcome, usage_source]).toEqual([how === 'kill' ? 'lost' : 'aborted', 'estimated'])
    expect(Number(cost)).toBeGreaterThan(0)
  }
  const [accounts] = await queryAsSuperuser(
    database,
    `SELECT (SELECT sum(cost_nano_usd) FROM llm_calls) = ALL (ARRAY[
        (SELECT sum(spent_nano_usd) FROM llm_spending), (SELECT sum(spent_nano_usd) FROM llm_spending_total)]) AS "isExact",
      (SELECT sum(reserved_nano_usd) FROM llm_spending_total) AS reserved, (SELECT count(*)::int FROM llm_reservations) AS left`,
  )
  expect(accounts).toEqual({ isExact: true, reserved: '0', left: 0 })
})
