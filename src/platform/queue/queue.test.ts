import pg from 'pg'
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest'
import { newId } from '#platform/ids/index.ts'
import type { TenantTx } from '../db/database.ts'
import { openWorld, type World } from './fixtures/world.ts'
import { createQueue, defineJob, listJobs, queueStatus } from './index.ts'
import { installQueue } from './install.ts'

const ingest = defineJob<{ file: string }>({ kind: 'ingest', priority: 10, maxAttempts: 3 })
const payload = { file: 'Лекція №1 «Вступ».pdf' }

let world: World
let tenantId: string

beforeAll(async () => {
  world = await openWorld()
})
beforeEach(async () => {
  tenantId = await world.tenant()
})
afterAll(() => world.close())

const jobsOf = (tenant: string) => world.query<{ id: string }>('SELECT id FROM jobs WHERE tenant_id = $1', [tenant])
const tokens = async () => (await world.query('SELECT FROM graphile_worker.jobs')).length

test('a job is added with its wake-up, and reads back as it was given', async () => {
  const before = await tokens()
  const [id = ''] = await world.add(ingest, tenantId, payload)
  const stored = {
    tenantId,
    kind: 'ingest',
    scope: 'prep',
    status: 'queued',
    progress: 0,
    result: null,
    error: null,
    attempts: 0,
  }
  expect(await world.job(id)).toMatchObject(stored)
  expect(await world.query('SELECT payload, priority, max_attempts FROM jobs WHERE id = $1', [id])).toEqual([
    { payload, priority: 10, max_attempts: 3 },
  ])
  expect(await tokens()).toBe(before + 1)
})

test('a transaction that fails leaves neither job nor wake-up', async () => {
  const before = await tokens()
  const failing = world.db.forTenant(tenantId, async (tx) => {
    await world.queue.add(tx, ingest, { tenantId, payload })
    throw new Error('The course could not be saved.')
  })
  await expect(failing).rejects.toThrow('could not be saved')
  expect(await jobsOf(tenantId)).toEqual([])
  expect(await tokens()).toBe(before)
})

test('a wake-up for later carries the time of its job', async () => {
  const runAfter = new Date(Date.now() + 3_600_000)
  await world.db.forTenant(tenantId, (tx) => world.queue.add(tx, ingest, { tenantId, payload, runAfter }))
  expect(await world.query('SELECT FROM graphile_worker.jobs WHERE run_at = $1', [runAfter])).toHaveLength(1)
  expect(await world.query('SELECT FROM jobs WHERE run_after = $1', [runAfter])).toHaveLength(1)
})

test('of many jobs with one key added at once, one is created and all get its id', async () => {
  const added = await Promise.all(
    Array.from({ length: 20 }, () =>
      world.db.forTenant(tenantId, (tx) => world.queue.add(tx, ingest, { tenantId, payload, dedupeKey: 'Лекція 1' })),
    ),
  )
  expect(added.filter(({ created }) => created)).toHaveLength(1)
  expect(new Set(added.map(({ id }) => id)).size).toBe(1)
  expect(await jobsOf(tenantId)).toHaveLength(1)
})

test('a key is free again once its job has finished, and another tenant may use the same', async () => {
  const rival = await world.tenant()
  const add = (tenant: string) =>
    world.db.forTenant(tenant, (tx) => world.queue.add(tx, ingest, { tenantId: tenant, payload, dedupeKey: 'once' }))
  const first = await add(tenantId)
  expect(await add(rival)).toMatchObject({ created: true })
  await world.db.forTenant(tenantId, (tx) => world.queue.cancel(tx, first.id))
  expect(await add(tenantId)).toMatchObject({ created: true })
  await expect(world.db.forTenant(tenantId, (tx) => world.queue.retry(tx, first.id))).rejects.toMatchObject({
    code: 'job.not_retryable',
  })
})

test('one who has a course to himself and then adds a job does not block one who adds a job about that course', async () => {
  const courseId = newId()
  await world.query('INSERT INTO courses (id, tenant_id, title) VALUES ($1, $2, $3)', [courseId, tenantId, 'Біологія'])
  const add = (tx: TenantTx) => world.queue.add(tx, ingest, { tenantId, courseId, payload })
  let other: Promise<unknown> | undefined
  await world.db.forTenant(tenantId, async (tx) => {
    await tx.selectFrom('courses').select('id').where('id', '=', courseId).forUpdate().execute()
    other = world.db.forTenant(tenantId, add)
    await vi.waitFor(async () => {
      const waits = `SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`
      expect(await world.query(waits)).toHaveLength(1)
    }, 10_000)
    await add(tx)
  })
  await other
  expect(await jobsOf(tenantId)).toHaveLength(2)
})

test('exactly as many jobs may wait as allowed, however many are added at once', async () => {
  const rival = await world.tenant()
  const small = createQueue({ maxQueuedPerTenant: 5 })
  const add = (tenant: string) =>
    world.db.forTenant(tenant, (tx) => small.add(tx, ingest, { tenantId: tenant, payload }))
  const results = await Promise.allSettled(Array.from({ length: 20 }, () => add(tenantId)))
  expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(5)
  for (const result of results) {
    if (result.status === 'rejected')
      expect(result.reason).toMatchObject({ kind: 'limited', code: 'queue.full', retryAfter: 30 })
  }
  expect(await jobsOf(tenantId)).toHaveLength(5)
  await expect(add(rival)).resolves.toMatchObject({ created: true })
})

test('what is put back counts like what is added', async () => {
  const small = createQueue({ maxQueuedPerTenant: 1 })
  const [id = ''] = await world.add(ingest, tenantId, payload)
  await world.db.forTenant(tenantId, (tx) => small.cancel(tx, id))
  await world.add(ingest, tenantId, payload)
  await expect(world.db.forTenant(tenantId, (tx) => small.retry(tx, id))).rejects.toMatchObject({ code: 'queue.full' })
})

test('a waiting job is cancelled at once, and can be retried', async () => {
  const [id = ''] = await world.add(ingest, tenantId, payload)
  const cancelled = await world.db.forTenant(tenantId, (tx) => world.queue.cancel(tx, id))
  expect(cancelled).toEqual({ status: 'cancelled' })
  expect(await world.job(id)).toMatchObject({ status: 'cancelled', finishedAt: expect.any(Date) })
  await expect(world.db.forTenant(tenantId, (tx) => world.queue.cancel(tx, id))).rejects.toMatchObject({
    code: 'job.finished',
  })

  await world.db.asOperator('test', (tx) => world.queue.retry(tx, id))
  expect(await world.job(id)).toMatchObject({ status: 'queued', finishedAt: null, cancelRequested: false, attempts: 0 })
  await expect(world.db.forTenant(tenantId, (tx) => world.queue.retry(tx, id))).rejects.toMatchObject({
    code: 'job.not_retryable',
  })
})

test('a tenant neither sees, cancels nor retries another’s job, nor adds one in its name', async () => {
  const rival = await world.tenant()
  const [id = ''] = await world.add(ingest, tenantId, payload)
  await expect(world.db.forTenant(rival, (tx) => world.queue.cancel(tx, id))).rejects.toMatchObject({
    code: 'job.not_found',
  })
  await expect(world.db.forTenant(rival, (tx) => world.queue.retry(tx, id))).rejects.toMatchObject({
    code: 'job.not_found',
  })
  expect(await world.db.forTenant(rival, (tx) => tx.selectFrom('jobs').select('id').execute())).toEqual([])
  await expect(world.db.forTenant(rival, (tx) => world.queue.add(tx, ingest, { tenantId, payload }))).rejects.toThrow(
    /row-level security/,
  )
  expect(await world.job(id)).toMatchObject({ status: 'queued' })
})

test('the application reaches the queue library through two functions only, and the library’s role reaches no row of ours', async () => {
  const refused = { code: '42501' }
  await world.add(ingest, tenantId, payload)
  for (const statement of [
    'SELECT * FROM graphile_worker._private_jobs',
    'DELETE FROM graphile_worker._private_jobs',
    `SELECT graphile_worker.add_job('wake')`,
  ]) {
    await expect(world.db.pool.query(statement)).rejects.toMatchObject(refused)
  }
  const library = new pg.Client({ connectionString: world.urls.queue })
  await library.connect()
  await expect(library.query('SELECT * FROM jobs')).rejects.toMatchObject(refused)
  await expect(library.query('SELECT * FROM tenants')).rejects.toMatchObject(refused)
  await library.end()
})

test('installing again, also two at once, keeps what waits', async () => {
  await world.add(ingest, tenantId, payload)
  const before = await tokens()
  await Promise.all([1, 2].map(() => installQueue({ ownerUrl: world.urls.owner, queueUrl: world.urls.queue })))
  expect(await tokens()).toBe(before)
  await world.add(ingest, tenantId, payload)
  expect(await tokens()).toBe(before + 1)
})

test('an operator sees counts, the longest wait, and the newest jobs of one tenant or all', async () => {
  const ids = await world.add(ingest, tenantId, payload, payload)
  await world.query(`UPDATE jobs SET run_after = now() - interval '2 hours' WHERE id = $1`, [ids[0]])
  const status = await world.db.asOperator('test', queueStatus)
  expect(status.counts).toContainEqual({ kind: 'ingest', status: 'queued', count: expect.any(Number) })
  expect(status.oldestQueuedSeconds).toBeGreaterThanOrEqual(7200)
  expect(status.liveWorkers).toBe(0)
  const newest = await world.db.asOperator('test', (tx) => listJobs(tx, { tenantId, limit: 10 }))
  expect(newest.map(({ id }) => id)).toEqual(ids.toReversed())
  expect(await world.db.asOperator('test', (tx) => listJobs(tx, { tenantId, failed: true, limit: 10 }))).toEqual([])
  expect(await world.db.asOperator('test', (tx) => listJobs(tx, { limit: 1 }))).toHaveLength(1)
})
