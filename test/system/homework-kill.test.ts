import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import { dirname } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { OPEN } from '#features/homework/fixtures/homework-course.ts'
import { startApp, type TestApp } from '#test/app.ts'
import { build, until } from '#test/build.ts'
import type { Client } from '#test/client.ts'
import { queryAsSuperuser } from '#test/database.ts'
import { type Model, startModel } from '#test/fakes/llm/server.ts'
import { wellBehaved } from '#test/fakes/llm/well-behaved.ts'
import { keepOutput } from '#test/output.ts'
import { type Receiver, startReceiver } from '#test/webhook-receiver.ts'

// A worker is killed in the middle of checks and of deliveries, and another takes over. The API stays.

const SECONDS = 120
const STUDENTS = 10
/** Every check needs two answers: its feedback tells the solution and is written anew. The criteria are made once, for all. */
const PAID = 1 + 2 * STUDENTS
const NOTHING = { kind: 'delay', ms: 0 } as const
/** As many answers come before each kill. */
const KILLS = [3, 5, 4]

const FREE = {
  ...OPEN,
  criteria: [],
  grading_criteria: 'Пояснює зв’язок імені та значення. Наводить приклад із числом.',
}
const WORKER = new URL('reachable-worker.ts', import.meta.url).pathname

let model: Model
let receiver: Receiver
let app: TestApp
let client: Client & { tenantId: string }
let worker: ChildProcess | undefined

beforeAll(async () => {
  model = await startModel({
    behave: (asked) => {
      const said = wellBehaved(asked)
      const isCheck = typeof said === 'object' && said !== null && 'judgements' in said
      return isCheck ? { ...said, feedback: `Ось розв’язок. ${OPEN.reference_solution}` } : said
    },
  })
  receiver = await startReceiver()
  app = await startApp({ llm: { keys: { openai: { apiKey: 'test-key', baseUrl: model.baseUrls.openai } } } })
  client = await app.as('Академія')
})
afterAll(async () => {
  await kill()
  receiver?.close()
  await model?.close()
  await app?.close()
})

async function start() {
  const { urls } = app.database
  const child = spawn(process.execPath, [WORKER], {
    env: {
      ...{ PATH: process.env['PATH'], HOME: process.env['HOME'], LOG_LEVEL: 'warn', WORKER_CONCURRENCY: '4' },
      ...{ DATABASE_URL: urls.app, WORKER_DATABASE_URL: urls.queue, DATA_DIR: dirname(app.objectsFolder) },
      ...{ OPENAI_BASE_URL: model.baseUrls.openai, OPENAI_API_KEY: 'test-key' },
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  worker = child
  let output = ''
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (piece: string) => {
      output += piece
    })
  child.once('close', () => keepOutput(output))
  await until(
    async () => {
      if (child.exitCode !== null) throw new Error(`The worker ended: ${output}`)
      return output
    },
    (text) => text.includes('working'),
    SECONDS,
  )
}

/** Ends it without a chance to tidy up. */
async function kill() {
  if (worker === undefined || worker.exitCode !== null || worker.signalCode !== null) return
  const closed = once(worker, 'close')
  worker.kill('SIGKILL')
  await closed
}

const superuser = <R extends Record<string, unknown>>(text: string) => queryAsSuperuser<R>(app.database, text)
const count = async (what: string) =>
  (await superuser<{ n: number }>(`SELECT count(*)::int AS n FROM ${what}`))[0]?.n ?? 0

/** What a dead worker had claimed is free after a minute, which nobody has to wait for here. */
const aMinutePasses = () =>
  superuser(`UPDATE webhooks SET claimed_at = claimed_at - interval '61 s', paused_until = NULL`)

async function handInAll(): Promise<string[]> {
  const { id: course } = await build.course(client)
  const lesson = { title: 'Змінні', concepts: [], exercises: [FREE] }
  const { body } = await client.put(`/courses/${course}/structure`, {
    modules: [{ title: 'Основи', lessons: [lesson] }],
  })
  const [exercise] = body.modules[0].lessons[0].exercises
  const ids: string[] = []
  for (let index = 0; index < STUDENTS; index += 1) {
    const answer = `Змінна — це ім’я для значення, яке програма зберігає. Мій приклад: число ${index}, далі print виводить його.`
    const homework = { student_id: `учень-${index}`, exercise_id: exercise.id, answer }
    const { status, body } = await client.post(`/courses/${course}/check-homework`, homework)
    expect(status).toBe(202)
    ids.push(body.submission_id)
  }
  return ids
}

test('killed while it checks and while it delivers, workers end everything, once', {
  timeout: SECONDS * 4_000,
}, async () => {
  const events = ['submission.done', 'submission.needs_review', 'submission.rejected']
  const { body: hook } = await client.put('/webhook', { url: receiver.at('/hook'), events })
  const ids = await handInAll()

  let answered = 0
  for (const answers of KILLS) {
    // The receiver takes messages and never says so.
    receiver.answer = (_response: ServerResponse) => undefined
    model.fail(
      ...Array.from({ length: answers }, () => NOTHING),
      ...Array.from({ length: 50 }, () => ({ kind: 'silence' }) as const),
    )
    const asked = model.calls.length
    await start()
    await model.called(asked + answers + 1)
    const left = await until(
      () => count("llm_calls WHERE outcome = 'answered'"),
      (paid) => paid >= answered + answers,
      SECONDS,
    )
    const { length: sent } = receiver.received
    if ((await count("webhook_deliveries WHERE status = 'pending'")) > 0)
      await until(
        async () => receiver.received.length,
        (received) => received > sent || received > 0,
        SECONDS,
      )
    await kill()
    answered = left
    model.reset()
    await aMinutePasses()
  }
  // Some had come to their end, some were in the middle; none was delivered as far as anybody here knows.
  expect(await count('submissions WHERE finished_at IS NULL')).toBeGreaterThan(0)
  expect(receiver.received.length).toBeGreaterThan(0)
  expect(await count("webhook_deliveries WHERE status = 'delivered'")).toBe(0)

  receiver.answer = (response) => response.writeHead(204).end()
  await start()
  await until(
    () => count('submissions WHERE finished_at IS NULL'),
    (n) => n === 0,
    SECONDS,
  )
  await until(
    () => count("webhook_deliveries WHERE status = 'pending'"),
    (n) => n === 0,
    SECONDS,
  )
  await kill()

  const submissions = await superuser<{
    id: string
    status: string
    attempt: number
    gradings: number
    messages: number
  }>(
    `SELECT s.id, s.status, s.attempt, (SELECT count(*)::int FROM gradings g WHERE g.submission_id = s.id) AS gradings,
       (SELECT count(*)::int FROM webhook_deliveries d WHERE d.payload -> 'data' ->> 'submission_id' = s.id::text) AS messages
     FROM submissions s ORDER BY s.id`,
  )
  expect(submissions).toEqual(
    ids.toSorted().map((id) => ({ id, status: 'done', attempt: 1, gradings: 1, messages: 1 })),
  )
  expect(await superuser('SELECT DISTINCT attempts FROM attempt_counters')).toEqual([{ attempts: 1 }])

  // Whatever was stored was bought once: so many answers are paid for, and the others were lost with their worker.
  const calls = await superuser<{ outcome: string; n: number }>(
    'SELECT outcome, count(*)::int AS n FROM llm_calls GROUP BY 1',
  )
  const of = Object.fromEntries(calls.map(({ outcome, n }) => [outcome, n]))
  expect(Object.keys(of).toSorted()).toEqual(['answered', 'lost'])
  expect(of['answered']).toBe(PAID)
  expect(await count('llm_reservations')).toBe(0)

  // Every message came at least once, signed, and what came twice has one id.
  const told = Map.groupBy(receiver.received, ({ json }) => json.data.submission_id as string)
  expect([...told.keys()].toSorted()).toEqual(ids.toSorted())
  for (const messages of told.values()) {
    expect(new Set(messages.map(({ headers }) => headers['webhook-id'])).size).toBe(1)
    expect(messages.every((message) => receiver.isSigned(message, hook.secret))).toBe(true)
  }
  expect(receiver.received.length).toBeGreaterThan(STUDENTS)
})
