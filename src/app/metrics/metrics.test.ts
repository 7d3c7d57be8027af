import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createAdmission, uploadBusy } from '#features/storage/index.ts'
import { exposition } from '#platform/metrics/exposition.ts'
import type { Family } from '#platform/metrics/index.ts'
import { startApp, type TestApp } from '#test/app.ts'
import { build, until } from '#test/build.ts'
import { queryAsSuperuser } from '#test/database.ts'
import { createInstallationMetrics } from './installation-metrics.ts'
import { createProcessMetrics } from './process-metrics.ts'

let app: TestApp
let folder: string
const metrics = createProcessMetrics('start')

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'course-supporter-metrics-'))
  app = await startApp({ metrics, worker: true, maxConcurrentUploads: 1 })
})
afterAll(async () => {
  await app.close()
  await rm(folder, { recursive: true, force: true })
})

const REQUESTS = 'course_supporter_http_requests_total'

/** Samples by their line without the value. */
const told = (families: readonly Family[]) =>
  new Map(
    exposition(families)
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#'))
      .map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ') + 1))]),
  )
const now = async () => told(await metrics.registry.snapshot())

test('requests are counted by the template of their route, and no path is told', async () => {
  const client = await app.as('Міряна')
  const { id } = await build.course(client)
  await client.get(`/courses/${id}`)
  await client.get('/courses/not-an-id')
  await client.get('/no/such/address')
  const route = (path: string, status: string, method = 'GET') =>
    `${REQUESTS}{method="${method}",route="${path}",status="${status}"}`
  const found = await until(now, (found) => found.get(route('unknown', '4xx')) === 1)
  expect(found.get(route('/api/v1/courses', '2xx', 'POST'))).toBe(1)
  expect(found.get(route('/api/v1/courses/:courseId', '2xx'))).toBe(1)
  expect(found.get(route('/api/v1/courses/:courseId', '4xx'))).toBe(1)
  const count = 'course_supporter_http_request_duration_seconds_count{method="GET",route="/api/v1/courses/:courseId"}'
  expect(found.get(count)).toBe(2)
  expect(found.get('course_supporter_http_requests_in_flight')).toBe(0)
  expect([...found.keys()].join('\n')).not.toContain(id)
})

test('an upload that found no place is no fault, and one under way is seen', async () => {
  const client = await app.as('Зайнята')
  const { id } = await build.course(client)
  let end: () => void = () => undefined
  const body = new ReadableStream({
    start(controller) {
      controller.enqueue(Buffer.from('# Перша'))
      end = () => controller.close()
    },
  })
  const path = `/courses/${id}/materials?source_type=text&filename=a.md`
  const headers = { 'content-type': 'text/markdown' }
  const first = client.request('POST', path, { body, headers })
  await until(now, (found) => found.get('course_supporter_uploads_under_way') === 1)
  expect(await client.request('POST', path, { body: '# Друга', headers })).toMatchObject({ status: 503 })
  const labels = 'method="POST",route="/api/v1/courses/:courseId/materials"'
  const found = await until(now, (found) => found.get(`${REQUESTS}{${labels},status="busy"}`) === 1)
  expect(found.get(`${REQUESTS}{${labels},status="5xx"}`)).toBeUndefined()
  expect(found.get('course_supporter_http_requests_in_flight')).toBe(1)
  end()
  await first
  const later = await until(now, (found) => found.get('course_supporter_uploads_under_way') === 0)
  expect(later.get(`${REQUESTS}{${labels},status="2xx"}`)).toBe(1)
})

test.each([
  [{ status: 503, refusal: 'service.unavailable' }, '5xx'],
  [{ status: 503, refusal: undefined }, '5xx'],
  [{ status: 503, refusal: uploadBusy().code }, 'busy'],
  [{ status: null, refusal: undefined }, 'aborted'],
])('%j counts as %s', async (answer, status) => {
  const own = createProcessMetrics('api')
  own.meter.began()
  own.meter.ended({ method: 'BREW', route: null, seconds: 1, ...answer })
  expect(
    told(await own.registry.snapshot()).get(`${REQUESTS}{method="OTHER",route="unknown",status="${status}"}`),
  ).toBe(1)
})

test('jobs that ended are counted, those that failed apart, from zero on', async () => {
  const client = await app.as('Робоча')
  const { id } = await build.course(client)
  const before = await now()
  const failedBefore = before.get('course_supporter_jobs_failed_total') ?? Number.NaN
  await build.readMaterial(client, id)
  await build.readMaterial(client, id, { filename: 'a.pdf', text: 'none' })
  const name = (status: string) => `course_supporter_jobs_ended_total{kind="ingest_material",status="${status}"}`
  const found = await until(now, (found) => (found.get(name('error')) ?? 0) >= 1)
  expect(found.get(name('done'))).toBeGreaterThan(0)
  expect(found.get('course_supporter_jobs_failed_total')).toBe(failedBefore + 1)
})

test('the sweeper and the process say how they are', async () => {
  const own = createProcessMetrics('worker')
  const name = 'course_supporter_sweeper_refuses'
  const read = async () => told(await own.registry.snapshot())
  expect((await read()).has(name)).toBe(false)
  own.sweeperRefuses(true)
  expect((await read()).get(name)).toBe(1)
  own.sweeperRefuses(false)
  const found = await read()
  expect(found.get(name)).toBe(0)
  expect(found.get('course_supporter_jobs_failed_total')).toBe(0)
  expect(found.get('process_resident_memory_bytes')).toBeGreaterThan(1e7)
  expect(found.get('nodejs_eventloop_lag_p99_seconds')).toBeGreaterThanOrEqual(0)
  expect(found.has('course_supporter_uploads_under_way')).toBe(false)
})

test('places are given back', () => {
  const admission = createAdmission({ total: 4 })
  const leave = admission.enter('a')
  expect(admission.taken()).toBe(1)
  leave()
  expect(admission.taken()).toBe(0)
})

test('the installation: queue, money and backups, without a name of a tenant', async () => {
  const [near, over, free] = [await app.as('Майже'), await app.as('Понад'), await app.as('Вільна')]
  await queryAsSuperuser(
    app.database,
    `UPDATE tenants SET monthly_budget_nano_usd = NULL WHERE id = '${free.tenantId}'`,
  )
  for (const [{ tenantId }, usd] of [
    [near, 8],
    [over, 10],
    [free, 500],
  ] as const)
    await queryAsSuperuser(
      app.database,
      `INSERT INTO llm_spending (tenant_id, month, spent_nano_usd)
       VALUES ('${tenantId}', date_trunc('month', now() AT TIME ZONE 'UTC')::date, ${usd} * 1000000000::bigint)`,
    )
  const lastBackupFile = join(folder, 'last-backup')
  await writeFile(lastBackupFile, '2026-11-23T02:00:00Z\nmore\n')
  const lastRestoreCheckFile = join(folder, 'last-restore-check')
  await writeFile(
    lastRestoreCheckFile,
    'failed\n2026-11-23T03:00:00Z: rows of public.courses\nlast: 2026-11-16T03:00:00Z\n',
  )
  const llm = { keys: {}, monthlyLimitNanoUsd: 100_000_000_000n, registryFile: '' }
  const config = { llm, metrics: { host: '', port: 1, lastBackupFile, lastRestoreCheckFile } } as never
  const families = await createInstallationMetrics({ db: app.services.db, config })()
  const found = told(families)
  const of = (name: string) => found.get(`course_supporter_${name}`)
  expect(of('database_up')).toBe(1)
  expect(of('jobs{kind="ingest_material",status="running"}')).toBe(0)
  expect([of('queue_oldest_seconds'), of('workers')]).toEqual([0, 1])
  expect([of('tenant_budgets_reached{percent="80"}'), of('tenant_budgets_reached{percent="100"}')]).toEqual([1, 1])
  expect([of('llm_limit_usd'), of('llm_spent_usd')]).toEqual([100, 0])
  expect(of('last_backup_timestamp_seconds')).toBe(Date.UTC(2026, 10, 23, 2) / 1_000)
  expect(of('last_restore_check_timestamp_seconds')).toBe(0)
  expect(exposition(families)).not.toMatch(/Майже|Понад|Вільна/)
})

test('a database that fails or hangs is said to be down, and the rest is told', async () => {
  const hangs = { ...app.services.db, asOperator: () => new Promise<never>(() => undefined) }
  const config = { llm: { monthlyLimitNanoUsd: null }, metrics: { lastBackupFile: join(folder, 'x') } } as never
  const found = told(await createInstallationMetrics({ db: hangs, config })())
  expect([...found]).toEqual([
    ['course_supporter_database_up', 0],
    ['course_supporter_last_backup_timestamp_seconds', 0],
  ])
})
