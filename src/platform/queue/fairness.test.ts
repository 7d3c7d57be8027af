import fc from 'fast-check'
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest'
import { type ClaimedJob, claimJob, finishJob } from './claim-store.ts'
import { openGate } from './fixtures/gate.ts'
import { openWorld, rowsRead, type World } from './fixtures/world.ts'
import { defineJob, jobHandler, type Worker } from './index.ts'

const homework = defineJob<number>({ kind: 'homework', priority: 0, scope: 'check' })
const ingestion = defineJob<number>({ kind: 'ingestion', priority: 10 })
const regrading = defineJob<number>({ kind: 'regrading', priority: 20 })
const kinds = [homework.kind, ingestion.kind, regrading.kind]

let world: World
let worker: Worker | undefined

beforeAll(async () => {
  world = await openWorld()
})
afterEach(async () => {
  await worker?.stop()
  worker = undefined
  await world.query('TRUNCATE jobs')
})
afterAll(() => world.close())

const upTo = (count: number) => Array.from({ length: count }, (_, index) => index)

test('with one slot and 1 000 jobs of one tenant waiting, another’s first is the very next', async () => {
  const [many, one] = [await world.tenant('Багато'), await world.tenant('Один')]
  const gate = openGate()
  await world.flood(ingestion, many, 1000)
  worker = await world.work(1, [jobHandler(ingestion, gate.run)], { graceMs: 0 })
  await vi.waitFor(() => expect(gate.started).toHaveLength(1), 10_000)

  const [first] = await world.add(ingestion, one, 1)
  gate.release()
  await vi.waitFor(() => expect(gate.started).toHaveLength(2), 10_000)
  expect(gate.started.map(({ tenantId }) => tenantId)).toEqual([many, one])
  expect(gate.started[1]?.id).toBe(first)
})

test('with four slots one tenant’s 1 000 jobs take two, and another’s first starts while those still run', async () => {
  const [many, one] = [await world.tenant('Багато 4'), await world.tenant('Один 4')]
  const gate = openGate()
  await world.flood(ingestion, many, 1000)
  worker = await world.work(4, [jobHandler(ingestion, gate.run)], { graceMs: 0, sweepMs: 100 })
  await vi.waitFor(() => expect(gate.started).toHaveLength(2), 10_000)
  await world.add(ingestion, one, ...upTo(50))
  await vi.waitFor(() => expect(gate.started).toHaveLength(4), 10_000)
  expect(gate.started.map(({ tenantId }) => tenantId)).toEqual([many, many, one, one])

  // Many turns later, with wake-ups and sweeps in between, neither ever had more than its half.
  for (let released = 0; released < 20; released++) {
    gate.release()
    await vi.waitFor(() => expect(gate.started.length).toBeGreaterThan(4 + released), 10_000)
  }
  expect(gate.most(many)).toBe(2)
  expect(gate.most(one)).toBe(2)
})

test('of one tenant’s jobs homework goes before ingestion and ingestion before regrading, each in the order of arrival', async () => {
  const tenantId = await world.tenant()
  const [late, later] = await world.add(regrading, tenantId, 1, 2)
  const [middle, next] = await world.add(ingestion, tenantId, 1, 2)
  const [urgent, second] = await world.add(homework, tenantId, 1, 2)
  const order: string[] = []
  worker = await world.work(
    1,
    [homework, ingestion, regrading].map((kind) => jobHandler(kind, async ({ id }) => void order.push(id))),
  )
  await vi.waitFor(() => expect(order).toHaveLength(6), 10_000)
  expect(order).toEqual([urgent, second, middle, next, late, later])
})

test('a job of a kind that nobody handles here, or whose time has not come, does not hold up the others', async () => {
  const tenantId = await world.tenant()
  const [unknown = ''] = await world.add(homework, tenantId, 1)
  await world.query(`UPDATE jobs SET run_after = now() + interval '1 hour' WHERE id = ANY($1)`, [
    await world.add(ingestion, tenantId, 1),
  ])
  const [due] = await world.add(ingestion, tenantId, 2)
  const order: string[] = []
  worker = await world.work(2, [jobHandler(ingestion, async ({ id }) => void order.push(id))], { sweepMs: 50 })
  await vi.waitFor(() => expect(order).toEqual([due]), 10_000)
  expect(await world.job(unknown)).toMatchObject({ status: 'queued', attempts: 0 })
})

test('whatever comes and ends in whatever order, caps hold and the turn is the least served tenant’s', async () => {
  const tenants = [await world.tenant(), await world.tenant(), await world.tenant()]
  const step = fc.oneof(
    fc.record({ add: fc.nat(2), kind: fc.nat(2) }),
    fc.record({ add: fc.nat(2), kind: fc.nat(2) }),
    fc.record({ claimAs: fc.integer({ min: 1, max: 2 }) }),
    fc.record({ claimAs: fc.integer({ min: 1, max: 2 }) }),
    fc.record({ end: fc.nat(9) }),
  )
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { minLength: 20, maxLength: 60 }),
      fc.integer({ min: 1, max: 3 }),
      async (steps, tenantCap) => {
        await world.query('TRUNCATE jobs')
        const queued: { id: string; tenantId: string; priority: number }[] = []
        const running: ClaimedJob[] = []
        const of = (tenantId: string, workerId?: number) =>
          running.filter((job) => job.tenantId === tenantId && (workerId === undefined || job.workerId === workerId))
            .length
        for (const step of steps) {
          if ('add' in step) {
            const [kind, tenantId] = [[homework, ingestion, regrading][step.kind] ?? homework, tenants[step.add] ?? '']
            for (const id of await world.add(kind, tenantId, 1)) queued.push({ id, tenantId, priority: kind.priority })
          } else if ('claimAs' in step) {
            const workerId = step.claimAs
            const mayStart = queued.filter(({ tenantId }) => of(tenantId, workerId) < tenantCap)
            const claimed = await world.db.asOperator('test', (tx) => claimJob(tx, { workerId, tenantCap, kinds }))
            if (!claimed) {
              expect(mayStart).toEqual([])
              continue
            }
            expect(of(claimed.tenantId, workerId)).toBeLessThan(tenantCap)
            expect(of(claimed.tenantId)).toBe(Math.min(...mayStart.map(({ tenantId }) => of(tenantId))))
            const own = queued.filter(({ tenantId }) => tenantId === claimed.tenantId)
            own.sort((a, b) => a.priority - b.priority || (a.id < b.id ? -1 : 1))
            expect(claimed.id).toBe(own[0]?.id)
            queued.splice(
              queued.findIndex(({ id }) => id === claimed.id),
              1,
            )
            running.push(claimed)
          } else if (running.length > 0) {
            for (const job of running.splice(step.end % running.length, 1)) {
              await world.db.forTenant(job.tenantId, (tx) => finishJob(tx, job, { status: 'done', result: null }))
            }
          }
        }
      },
    ),
    { numRuns: 8 },
  )
})

test('claims made at the same moment respect the cap together', async () => {
  const tenantId = await world.tenant()
  await world.add(ingestion, tenantId, ...upTo(20))
  const limits = { workerId: 1, tenantCap: 2, kinds }
  const claims = upTo(10).map(() => world.db.asOperator('test', (tx) => claimJob(tx, limits)))
  expect((await Promise.all(claims)).filter((job) => job !== undefined)).toHaveLength(2)
})

test('among tenants that run equally much, the one served longest ago is next', async () => {
  const tenants = [await world.tenant(), await world.tenant(), await world.tenant()]
  for (const tenantId of tenants) await world.add(ingestion, tenantId, 1, 2, 3)
  const order: string[] = []
  worker = await world.work(1, [jobHandler(ingestion, async ({ tenantId }) => void order.push(tenantId))])
  await vi.waitFor(() => expect(order).toHaveLength(9), 10_000)
  expect(new Set(order.slice(0, 3)).size).toBe(3)
  expect(order.slice(3)).toEqual([...order.slice(0, 3), ...order.slice(0, 3)])
})

test('a claim reads few rows, however many wait or have finished', async () => {
  const tenants = [await world.tenant(), await world.tenant(), await world.tenant()]
  for (const tenantId of tenants) {
    await world.query(
      `INSERT INTO jobs (id, tenant_id, kind, scope, priority, payload, status, started_at, finished_at)
       SELECT gen_random_uuid(), $1, 'ingestion', 'prep', 10, '1', status, started_at, CASE status WHEN 'done' THEN now() END
       FROM (SELECT CASE WHEN n <= 1000 THEN 'queued' ELSE 'done' END AS status,
               CASE WHEN n > 1000 THEN now() - n * interval '1 s' END AS started_at FROM generate_series(1, 6000) n) AS rows`,
      [tenantId],
    )
  }
  await world.query('VACUUM ANALYZE jobs')
  const { claimed, read } = await world.db.asOperator('test', async (tx) => {
    const claimed = await claimJob(tx, { workerId: 7, tenantCap: 1, kinds })
    const read = await rowsRead(tx)
    return { claimed, read }
  })
  expect(claimed).toBeDefined()
  // Planning probes the ends of the indexes too; reading what waits would be 3 000 and more.
  expect(read).toBeLessThan(2000)
})
