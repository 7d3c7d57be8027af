import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest'
import { Failure } from '#kernel/failure.ts'
import { openGate } from './fixtures/gate.ts'
import { openWorld, type World } from './fixtures/world.ts'
import { defineJob, type JobHandler, type JobStatus, jobHandler, type RunningJob, type Worker } from './index.ts'

type Payload = { file: string }
const ingest = defineJob<Payload>({ kind: 'ingest', priority: 10, maxAttempts: 3, backoffSeconds: () => 0 })
const payload = { file: 'Лекція №1 «Вступ».pdf' }

let world: World
let tenantId: string
let worker: Worker | undefined

beforeAll(async () => {
  world = await openWorld()
})
beforeEach(async () => {
  tenantId = await world.tenant()
  world.lines.length = 0
})
afterEach(async () => {
  await worker?.stop()
  worker = undefined
})
afterAll(() => world.close())

type Run = (job: RunningJob<Payload>) => Promise<unknown>
type Failed = NonNullable<Parameters<typeof jobHandler<Payload>>[2]>['failed']

/** Adds a job, and a worker with one handler of its kind. */
async function start(
  run: Run,
  { kind = ingest, failed = undefined as Failed, slots = 1, graceMs = 5_000 } = {},
): Promise<string> {
  const handler: JobHandler = jobHandler(kind, run, failed && { failed })
  const [id = ''] = await world.add(kind, tenantId, payload)
  worker = await world.work(slots, [handler], { graceMs, sweepMs: 100 })
  return id
}

async function becomes(id: string, status: JobStatus) {
  return await vi.waitFor(async () => {
    const job = await world.job(id)
    expect(job.status).toBe(status)
    return job
  }, 10_000)
}

test('a job gets its payload, reports progress and leaves its result', async () => {
  const gate = Promise.withResolvers<void>()
  const seen: unknown[] = []
  const id = await start(async ({ id, tenantId, courseId, payload, attempt, progress }) => {
    seen.push({ id, tenantId, courseId, payload, attempt })
    progress(0.5)
    progress(Number.NaN)
    await gate.promise
    return { chunks: 12, title: 'Вступ' }
  })
  await vi.waitFor(async () => expect(await world.job(id)).toMatchObject({ status: 'running', progress: 0.5 }), 10_000)
  expect(seen).toEqual([{ id, tenantId, courseId: null, payload, attempt: 1 }])
  gate.resolve()
  expect(await becomes(id, 'done')).toMatchObject({
    progress: 1,
    result: { chunks: 12, title: 'Вступ' },
    error: null,
    attempts: 1,
    startedAt: expect.any(Date),
    finishedAt: expect.any(Date),
  })
})

test('an unexpected error is tried again until attempts run out, then tells the client nothing and the log everything', async () => {
  let attempts = 0
  const cause = new Error('ECONNRESET while reading кошик')
  const id = await start(async () => {
    attempts++
    throw cause
  })
  const generic = { code: 'job.failed', message: 'The job failed for an internal reason.' }
  expect(await becomes(id, 'error')).toMatchObject({ attempts: 3, error: generic, result: null })
  expect(attempts).toBe(3)
  const logged = world.lines.filter(({ message }) => message === 'A job failed.')
  expect(logged.map(({ fields }) => fields)).toMatchObject(
    [1, 2, 3].map((attempt) => ({ jobId: id, kind: 'ingest', tenantId, attempt, err: cause })),
  )
})

test('a refusal is told in a line: where it comes from is of no interest, unless something is underneath it', async () => {
  const budget = new Failure('payment_required', 'budget.exceeded', 'Бюджет вичерпано.')
  const cause = new Error('ECONNRESET')
  const failures = [budget, new Failure('conflict', 'web.unreachable', 'It does not answer.', { cause })]
  for (const failure of failures) {
    await becomes(await start(() => Promise.reject(failure)), 'error')
    await worker?.stop()
  }
  const logged = world.lines.filter(({ message }) => message === 'A job failed.').map(({ fields }) => fields)
  expect(logged).toEqual([
    expect.objectContaining({ code: 'budget.exceeded', reason: 'Бюджет вичерпано.' }),
    expect.objectContaining({ code: 'web.unreachable', err: cause }),
  ])
  expect(logged[0]).not.toHaveProperty('err')
})

test('a job that recovers is done, and waits as long as its kind says before the next attempt', async () => {
  const kind = { ...ingest, backoffSeconds: (attempt: number) => attempt * 1000 }
  const id = await start(
    async ({ attempt }) => {
      if (attempt === 1)
        throw new Failure('unavailable', 'llm.unavailable', 'The model is unavailable.', { retryAfter: 5 })
      return attempt
    },
    { kind },
  )
  const waitedFor = async () => {
    const [row] = await world.query<{ seconds: number }>(
      `SELECT extract(epoch FROM run_after - now())::float8 AS seconds FROM jobs WHERE id = $1 AND status = 'queued' AND attempts = 1`,
      [id],
    )
    return row?.seconds
  }
  await vi.waitFor(async () => expect(await waitedFor()).toBeGreaterThan(900), 10_000)
  expect(await waitedFor()).toBeLessThanOrEqual(1000)
  expect(await world.query('SELECT FROM graphile_worker.jobs WHERE run_at > now()')).toHaveLength(1)
  expect(await becomes(id, 'queued')).toMatchObject({
    error: null,
    lastError: { code: 'llm.unavailable', message: 'The model is unavailable.' },
    retryAt: expect.any(Date),
  })
  await world.query('UPDATE jobs SET run_after = now() WHERE id = $1', [id])
  expect(await becomes(id, 'done')).toMatchObject({ result: 2, attempts: 2, lastError: null, retryAt: null })
})

test('a job waits no longer than a quarter of an hour, whatever it is told by others', async () => {
  const id = await start(async () => {
    throw new Failure('unavailable', 'llm.unavailable', 'The model is unavailable.', { retryAfter: 999_999_999 })
  })
  const waiting = (seconds: number) =>
    world.query(
      `SELECT FROM jobs WHERE id = $1 AND status = 'queued' AND attempts = 1 AND run_after > now() + make_interval(secs => $2)`,
      [id, seconds],
    )
  await vi.waitFor(async () => expect(await waiting(850)).toHaveLength(1), 10_000)
  expect(await waiting(900)).toHaveLength(0)
})

test('a Failure ends the job at once with its code and message', async () => {
  const id = await start(async () => {
    throw new Failure('invalid', 'extract.encrypted', 'Файл захищено паролем.')
  })
  const error = { code: 'extract.encrypted', message: 'Файл захищено паролем.' }
  expect(await becomes(id, 'error')).toMatchObject({ attempts: 1, error })
})

test('an outage that outlasts the attempts leaves its own code, after waiting as long as it asked', async () => {
  const kind = { ...ingest, maxAttempts: 1 }
  const id = await start(
    async () => {
      throw new Failure('unavailable', 'llm.unavailable', 'The model is unavailable.', { retryAfter: 60 })
    },
    { kind },
  )
  expect(await becomes(id, 'error')).toMatchObject({ error: { code: 'llm.unavailable' } })

  const patient = { ...ingest, kind: 'patient' }
  const [waiting = ''] = await world.add(patient, tenantId, payload)
  const other = await world.work(1, [
    jobHandler(patient, async () => {
      throw new Failure('unavailable', 'llm.unavailable', 'The model is unavailable.', { retryAfter: 60 })
    }),
  ])
  const later = `SELECT FROM jobs WHERE id = $1 AND status = 'queued' AND run_after > now() + interval '50 s'`
  await vi.waitFor(async () => expect(await world.query(later, [waiting])).toHaveLength(1), 10_000)
  await other.stop()
})

test('what follows a failed job becomes true together with it', async () => {
  const rename: Failed = async (tx, { id, payload }, { code }) => {
    await tx
      .updateTable('jobs')
      .set({ payload: JSON.stringify({ ...payload, code }) })
      .where('id', '=', id)
      .execute()
  }
  const failing = async () => {
    throw new Failure('invalid', 'extract.empty', 'There is no text.')
  }
  const id = await start(failing, { failed: rename })
  await becomes(id, 'error')
  expect(await world.query('SELECT payload FROM jobs WHERE id = $1', [id])).toEqual([
    { payload: { file: payload.file, code: 'extract.empty' } },
  ])
})

test('a job ends even when what should follow fails', async () => {
  const broken: Failed = async () => {
    throw new Error('No such column')
  }
  const id = await start(() => Promise.reject(new Failure('invalid', 'extract.empty', 'There is no text.')), {
    failed: broken,
  })
  expect(await becomes(id, 'error')).toMatchObject({ error: { code: 'extract.empty' } })
  expect(world.lines).toContainEqual(
    expect.objectContaining({ level: 'error', message: expect.stringContaining('should follow') }),
  )
})

test('a running job that is cancelled has its signal aborted, and its kind is told', async () => {
  const gate = openGate()
  const told: unknown[] = []
  const failed: Failed = async (_tx, { id, payload }, { code }) => void told.push({ id, payload, code })
  const id = await start(gate.run, { failed })
  await vi.waitFor(() => expect(gate.started).toHaveLength(1), 10_000)
  expect(await world.db.forTenant(tenantId, (tx) => world.queue.cancel(tx, id))).toEqual({ status: 'running' })
  expect(await becomes(id, 'cancelled')).toMatchObject({ error: null, finishedAt: expect.any(Date) })
  expect(gate.aborted).toHaveLength(1)
  await vi.waitFor(() => expect(told).toEqual([{ id, payload, code: 'job.cancelled' }]), 10_000)
})

test('a kind is told once of a job that was cancelled while it waited', async () => {
  const told: string[] = []
  const failed: Failed = async (_tx, { id }, { code }) => void told.push(`${id} ${code}`)
  const [id = ''] = await world.add(ingest, tenantId, payload)
  await world.db.forTenant(tenantId, (tx) => world.queue.cancel(tx, id))
  await start(async () => undefined, { failed })
  await vi.waitFor(() => expect(told).toEqual([`${id} job.cancelled`]), 10_000)
  await worker?.stop()
  worker = await world.work(1, [jobHandler(ingest, async () => undefined, { failed })], { sweepMs: 20 })
  const [next = ''] = await world.add(ingest, tenantId, payload)
  await becomes(next, 'done')
  expect(told).toHaveLength(1)
})

test('an attempt that takes too long is aborted and counts', async () => {
  const gate = openGate()
  const id = await start(gate.run, { kind: { ...ingest, timeoutSeconds: 0.05, maxAttempts: 2 } })
  const error = { code: 'job.timeout', message: 'The job took too long.' }
  expect(await becomes(id, 'error')).toMatchObject({ attempts: 2, error })
})

test('a result that PostgreSQL cannot hold fails the job instead of running it for ever', async () => {
  const id = await start(async () => ({ text: 'нуль \0 посередині' }))
  expect(await becomes(id, 'error')).toMatchObject({ error: { code: 'job.failed' }, attempts: 1 })
})

test('a failed job that is retried starts afresh', async () => {
  let broken = true
  const id = await start(async ({ attempt }) => {
    if (broken) throw new Failure('invalid', 'extract.empty', 'There is no text.')
    return attempt
  })
  await becomes(id, 'error')
  broken = false
  await world.db.forTenant(tenantId, (tx) => world.queue.retry(tx, id))
  expect(await becomes(id, 'done')).toMatchObject({ result: 1, attempts: 1, error: null })
})

test('stopping waits for what is nearly done, and starts nothing more', async () => {
  const gate = openGate()
  const id = await start(gate.run)
  await vi.waitFor(() => expect(gate.started).toHaveLength(1), 10_000)
  const [next = ''] = await world.add(ingest, tenantId, payload)
  const stopped = worker?.stop()
  gate.release()
  await stopped
  expect(await world.job(id)).toMatchObject({ status: 'done' })
  expect(await world.job(next)).toMatchObject({ status: 'queued', attempts: 0 })
  await world.db.forTenant(tenantId, (tx) => world.queue.cancel(tx, next))
})

test('stopping puts what outlasts the grace back, uncounted, even from a handler that does not listen', async () => {
  const gate = openGate()
  const deaf = { ...ingest, kind: 'deaf' }
  const [first = ''] = await world.add(ingest, tenantId, payload)
  const rival = await world.tenant()
  const [second = ''] = await world.add(deaf, rival, payload)
  let deafStarted = false
  const late = Promise.withResolvers<void>()
  const doNotListen = () => {
    deafStarted = true
    return late.promise
  }
  worker = await world.work(4, [jobHandler(ingest, gate.run), jobHandler(deaf, doNotListen)], { graceMs: 10 })
  await vi.waitFor(() => expect(gate.started.length === 1 && deafStarted).toBe(true), 10_000)
  await worker.stop()
  expect(gate.aborted).toHaveLength(1)
  const waiting = { status: 'queued', attempts: 0, progress: 0, finishedAt: null }
  expect(await world.job(first)).toMatchObject(waiting)
  expect(await world.job(second)).toMatchObject(waiting)
  expect(await world.query('SELECT count(*)::int AS tokens FROM graphile_worker.jobs WHERE run_at <= now()')).toEqual([
    { tokens: 2 },
  ])

  // The deaf one's late success is not taken for the job's.
  late.resolve()
  await vi.waitFor(
    () => expect(world.lines.map(({ message }) => message).join()).toContain('no longer this worker’s'),
    10_000,
  )
  expect(await world.job(second)).toMatchObject(waiting)
})

test('two handlers of one kind, or no slot, are refused before anything starts', async () => {
  const handler = jobHandler(ingest, async () => undefined)
  await expect(world.work(1, [handler, handler])).rejects.toThrow('Two handlers want the jobs of kind ingest.')
  await expect(world.work(0, [handler])).rejects.toThrow('at least one slot')
})
