import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest'
import { openGate } from './fixtures/gate.ts'
import { openWorld, type World } from './fixtures/world.ts'
import { defineJob, type JobStatus, jobHandler, queueStatus, type Worker } from './index.ts'

const held = defineJob<string>({ kind: 'held', priority: 1, backoffSeconds: () => 0 })

let world: World
let tenantId: string
const workers: Worker[] = []

beforeAll(async () => {
  world = await openWorld({ maxQueued: 500 })
})
beforeEach(async () => {
  tenantId = await world.tenant()
  world.lines.length = 0
})
afterEach(async () => {
  await Promise.all(workers.splice(0).map((worker) => worker.stop()))
  await world.query('TRUNCATE jobs')
})
afterAll(() => world.close())

async function work(...[slots, handlers, options]: Parameters<World['work']>): Promise<Worker> {
  const worker = await world.work(slots, handlers, { graceMs: 0, sweepMs: 100, ...options })
  workers.push(worker)
  return worker
}

async function becomes(id: string, status: JobStatus) {
  return await vi.waitFor(async () => {
    const job = await world.job(id)
    expect(job.status).toBe(status)
    return job
  }, 10_000)
}

const live = async () => (await world.db.asOperator('test', queueStatus)).liveWorkers
const messages = () => world.lines.map(({ message }) => message).join('\n')

/** Ends all sessions whose application name starts so, as an administrator or a failing network would. */
async function cut(name: string): Promise<number> {
  const text = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid() AND application_name LIKE $1`
  return (await world.query(text, [`${name}%`])).length
}

test('a worker killed at work: the next one ends every job it had accepted', async () => {
  const rival = await world.tenant()
  const ids = [...(await world.add(held, tenantId, 'Лекція', 'Семінар')), ...(await world.add(held, rival, 'Залік'))]
  const program = fileURLToPath(new URL('./fixtures/worker-process.ts', import.meta.url))
  const child = spawn(process.execPath, [program, world.urls.app, world.urls.queue], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const exited = once(child, 'exit')
  const started: string[] = []
  createInterface({ input: child.stdout }).on('line', (line) => started.push(line))
  await vi.waitFor(() => expect(started).toHaveLength(2), 20_000)
  expect(await live()).toBe(1)
  child.kill('SIGKILL')
  await exited

  await work(2, [jobHandler(held, async ({ payload, attempt }) => `${payload} ${attempt}`)])
  for (const id of ids) {
    const { result } = await becomes(id, 'done')
    expect(result).toMatch(started.includes(id) ? / 2$/ : / 1$/)
  }
}, 40_000)

test('a job that was interrupted at its last attempt ends as crashed, and its kind is told in the same transaction', async () => {
  const told: unknown[] = []
  const [id = ''] = await world.add(held, tenantId, 'Лекція')
  await world.query(`UPDATE jobs SET status = 'running', worker_id = 999999, attempts = max_attempts WHERE id = $1`, [
    id,
  ])
  await work(1, [
    jobHandler(held, async () => undefined, {
      failed: async (_tx, { payload }, { code }) => void told.push({ payload, code }),
    }),
  ])
  expect(await becomes(id, 'error')).toMatchObject({ error: { code: 'job.crashed' }, attempts: 5 })
  expect(told).toEqual([{ payload: 'Лекція', code: 'job.crashed' }])
})

test('a job that was to be cancelled when its worker died is cancelled', async () => {
  const [id = ''] = await world.add(held, tenantId, 'Лекція')
  await world.query(
    `UPDATE jobs SET status = 'running', worker_id = 999999, attempts = 1, cancel_requested = true WHERE id = $1`,
    [id],
  )
  await work(1, [jobHandler(held, async () => undefined)])
  await becomes(id, 'cancelled')
})

test('jobs whose wake-ups were all lost are done nevertheless', async () => {
  const ids = await world.add(held, tenantId, 'Лекція', 'Семінар', 'Залік')
  await world.query('DELETE FROM graphile_worker._private_jobs')
  await work(2, [jobHandler(held, async () => undefined)])
  for (const id of ids) await becomes(id, 'done')
  // And while the worker runs.
  const [late = ''] = await world.db.forTenant(tenantId, async (tx) => {
    const { id } = await world.queue.add(tx, held, {
      tenantId,
      payload: 'Пізно',
      runAfter: new Date(Date.now() + 3_600_000),
    })
    return [id]
  })
  await world.query('DELETE FROM graphile_worker._private_jobs')
  await world.query('UPDATE jobs SET run_after = now() WHERE id = $1', [late])
  await becomes(late, 'done')
})

test('a wake-up alone starts a job, without waiting for a sweep', async () => {
  await work(2, [jobHandler(held, async () => undefined)], { sweepMs: 600_000 })
  const [id = ''] = await world.add(held, tenantId, 'Лекція')
  await becomes(id, 'done')
  // Of one tenant only one job may run here; the wake-ups of the others are spent meanwhile, and yet all are done.
  for (const other of await world.add(held, tenantId, ...Array.from({ length: 20 }, String)))
    await becomes(other, 'done')
})

test('a worker that loses its lock aborts what it runs and goes on under another number', async () => {
  const gate = openGate()
  const [id = ''] = await world.add(held, tenantId, 'Лекція')
  // No sweep helps: it notices by itself, puts the job back and looks for work again.
  await work(2, [jobHandler(held, gate.run)], { sweepMs: 600_000 })
  await vi.waitFor(() => expect(gate.started).toHaveLength(1), 10_000)
  const [before] = await world.query<{ worker_id: number }>('SELECT worker_id FROM jobs WHERE id = $1', [id])
  expect(await cut('course-supporter: worker')).toBe(1)
  await vi.waitFor(() => expect(gate.started).toHaveLength(2), 10_000)
  expect(gate.aborted).toHaveLength(1)
  const [after] = await world.query<{ worker_id: number }>('SELECT worker_id FROM jobs WHERE id = $1', [id])
  expect(after?.worker_id).toBeGreaterThan(before?.worker_id ?? 0)
  expect(await live()).toBe(1)
  gate.release()
  gate.release()
  // The attempt that was not allowed to end does not count.
  expect(await becomes(id, 'done')).toMatchObject({ attempts: 1 })
})

test('a worker whose every connection is cut goes on with what comes later', async () => {
  await work(2, [jobHandler(held, async () => undefined)])
  expect(await cut('')).toBeGreaterThan(2)
  await vi.waitFor(async () => expect(await live()).toBe(1), 10_000)
  const [id = ''] = await world.add(held, tenantId, 'Лекція')
  await becomes(id, 'done')
  // Also once the sweeps no longer help: the wake-ups came back too.
  await vi.waitFor(async () => {
    const listening = `SELECT FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'LISTEN%'`
    expect(await world.query(listening)).toHaveLength(1)
  }, 10_000)
})

test.each([
  ['attempt', 'attempts = attempts + 1'],
  ['worker', 'worker_id = worker_id + 1000'],
])('what is written for a job that is now with another %s changes nothing', async (_whom, change) => {
  const gate = openGate()
  const [id = ''] = await world.add(held, tenantId, 'Лекція')
  await work(1, [jobHandler(held, gate.run)], { sweepMs: 600_000 })
  await vi.waitFor(() => expect(gate.started).toHaveLength(1), 10_000)
  await world.query(`UPDATE jobs SET ${change} WHERE id = $1`, [id])
  gate.release()
  await vi.waitFor(() => expect(messages()).toContain('no longer this worker’s'), 10_000)
  expect(await world.job(id)).toMatchObject({ status: 'running', result: null })
})

test('a job that is under a living worker’s number but does not run there is found', async () => {
  await work(1, [jobHandler(held, async ({ attempt }) => attempt)])
  const [id = ''] = await world.db.forTenant(tenantId, async (tx) => {
    const runAfter = new Date(Date.now() + 3_600_000)
    return [(await world.queue.add(tx, held, { tenantId, payload: 'Лекція', runAfter })).id]
  })
  await world.query(
    `UPDATE jobs SET status = 'running', attempts = 1, worker_id = (
       SELECT objid::bigint FROM pg_locks JOIN pg_database d ON d.oid = database
       WHERE datname = current_database() AND locktype = 'advisory' AND objsubid = 2 AND objid <> 0 ORDER BY objid LIMIT 1)
     WHERE id = $1`,
    [id],
  )
  expect(await becomes(id, 'done')).toMatchObject({ result: 2 })
})

test('workers side by side share the work and never run one job twice', async () => {
  const runs = new Map<string, number>()
  const by = [0, 0]
  const handler = (worker: number) =>
    jobHandler(held, async ({ id }) => {
      runs.set(id, (runs.get(id) ?? 0) + 1)
      by[worker] = (by[worker] ?? 0) + 1
      await new Promise((resolve) => setTimeout(resolve, 2))
    })
  const tenants = [tenantId, await world.tenant(), await world.tenant()]
  const ids: string[] = []
  for (const tenant of tenants) ids.push(...(await world.add(held, tenant, ...Array.from({ length: 40 }, String))))
  await Promise.all([work(4, [handler(0)]), work(4, [handler(1)])])
  await vi.waitFor(async () => {
    expect(await world.query(`SELECT FROM jobs WHERE status = 'done'`)).toHaveLength(ids.length)
  }, 20_000)
  expect([...runs.values()].every((count) => count === 1)).toBe(true)
  expect(runs.size).toBe(ids.length)
  expect(Math.min(...by)).toBeGreaterThan(0)
})

test('a worker that connects as somebody else than the owner of the queue’s tables refuses to start', async () => {
  const options = { queueUrl: world.urls.app }
  await expect(world.work(1, [], options)).rejects.toThrow(/^The job queue cannot be used: permission denied/)
  // Granted everything, such a worker would see no row and wait for ever in silence.
  await world.query('GRANT USAGE ON SCHEMA graphile_worker TO cs_app')
  await world.query('GRANT ALL ON ALL TABLES IN SCHEMA graphile_worker TO cs_app')
  await expect(world.work(1, [], options)).rejects.toThrow(/must connect as the owner of the schema graphile_worker\.$/)
})

test('old jobs are deleted, younger ones and those that wait are kept', async () => {
  const [old = '', young = '', waiting = ''] = await world.add(held, tenantId, 'a', 'b', 'c')
  await world.query(`UPDATE jobs SET run_after = now() + interval '1 hour', created_at = now() - interval '60 days'`)
  for (const [id, days] of [
    [old, 31],
    [young, 29],
  ] as const) {
    await world.query(`UPDATE jobs SET status = 'done', finished_at = now() - $2 * interval '1 day' WHERE id = $1`, [
      id,
      days,
    ])
  }
  await work(1, [jobHandler(held, async () => undefined)])
  await vi.waitFor(async () => {
    const left = await world.query<{ id: string }>('SELECT id FROM jobs ORDER BY id')
    expect(left.map(({ id }) => id)).toEqual([young, waiting])
  }, 10_000)
})

test('a worker that nothing reaches refuses to start', async () => {
  await world.query(`CREATE OR REPLACE FUNCTION queue.ping(token text) RETURNS void LANGUAGE sql AS ''`)
  await expect(world.work(1, [], { proofMs: 300 })).rejects.toThrow(
    /nothing that the application adds reached the worker/,
  )
  await world.query('DROP FUNCTION queue.ping(text)')
  await expect(world.work(1, [])).rejects.toThrow(/^The job queue cannot be used: function queue.ping.* does not exist/)
})
