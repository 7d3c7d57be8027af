import { mkdtemp, readdir, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startApp, type TestApp } from '#test/app.ts'
import { build } from '#test/build.ts'
import { type CommandLine, commandLine } from '#test/command-line.ts'
import { queryAsSuperuser } from '#test/database.ts'
import { filesBelow } from '#test/files-below.ts'
import { recordCalls } from '#test/ledger.ts'

let app: TestApp
let cli: CommandLine
let folder: string

// Without a worker: what is queued stays queued.
beforeAll(async () => {
  app = await startApp()
  folder = await mkdtemp(join(tmpdir(), 'course-supporter-export-'))
  const { app: appUrl, queue, owner } = app.database.urls
  const roles = { DATABASE_URL: appUrl, WORKER_DATABASE_URL: queue, MIGRATION_DATABASE_URL: owner }
  cli = commandLine({ ...roles, DATA_DIR: dirname(app.objectsFolder) })
})
afterAll(async () => {
  await app.close()
  await rm(folder, { recursive: true, force: true })
})

async function materialOf(tenant: string) {
  const client = await app.as(tenant)
  const { id: course } = await build.course(client)
  const { id } = await build.material(client, course)
  return { client, course, id }
}

test('jobs are listed, cancelled and retried', async () => {
  const { client, course, id } = await materialOf('Черга')
  await materialOf('Інша черга')
  expect(await cli.json('status')).toEqual({
    workers: 0,
    oldest_queued_seconds: expect.any(Number),
    later: 0,
    next_seconds: null,
    jobs: [{ kind: 'ingest_material', status: 'queued', count: 2 }],
  })
  expect((await cli.run('status')).out).toMatch(
    /^0 workers; the oldest job has waited \d+ s\.\nKIND[\s\S]+ingest_material +queued +2\n$/,
  )

  await queryAsSuperuser(
    app.database,
    `UPDATE jobs SET run_after = now() + interval '1 hour', attempts = 1, last_error_code = 'llm.unavailable', last_error_message = 'Ні.'`,
    [],
  )
  expect(await cli.json('status')).toMatchObject({
    oldest_queued_seconds: null,
    later: 2,
    next_seconds: expect.closeTo(3_600, -2),
  })
  expect((await cli.run('status')).out).toMatch(
    /^0 workers; 2 jobs wait for a later time, the next 3[56]\d\d s from now\.$/m,
  )
  expect(await cli.json('jobs', 'list', '--tenant', 'Черга')).toMatchObject([
    { error: null, last_error: { code: 'llm.unavailable', message: 'Ні.' }, retry_at: expect.any(String) },
  ])
  await queryAsSuperuser(
    app.database,
    'UPDATE jobs SET run_after = created_at, attempts = 0, last_error_code = NULL, last_error_message = NULL',
    [],
  )

  const [job, ...others] = await cli.json('jobs', 'list', '--tenant', 'Черга')
  expect(others).toEqual([])
  expect(job).toEqual({
    id: expect.any(String),
    tenant_id: client.tenantId,
    course_id: course,
    kind: 'ingest_material',
    status: 'queued',
    progress: 0,
    attempts: 0,
    error: null,
    last_error: null,
    retry_at: null,
    created_at: expect.any(String),
    started_at: null,
    finished_at: null,
  })
  expect(await cli.json('jobs', 'list')).toHaveLength(2)
  expect((await cli.run('jobs', 'list')).out).toMatch(new RegExp(`^${job.id} +Черга +ingest_material +queued +0 `, 'm'))

  expect(await cli.json('jobs', 'cancel', '--id', job.id)).toEqual({ id: job.id, status: 'cancelled' })
  expect((await client.get(`/jobs/${job.id}`)).body.status).toBe('cancelled')
  const twice = await cli.run('jobs', 'cancel', '--id', job.id)
  expect(twice).toEqual({ code: 1, out: '', err: expect.stringMatching(/^course-supporter: [^\n]+\n$/) })
  expect(await cli.json('jobs', 'retry', '--id', job.id)).toEqual({ id: job.id, status: 'queued' })
  expect((await cli.run('jobs', 'retry', '--id', job.id)).code).toBe(1)

  expect(await cli.json('jobs', 'list', '--failed')).toEqual([])
  await queryAsSuperuser(
    app.database,
    `UPDATE jobs SET status = 'error', error_code = 'extract.failed', error_message = 'Зіпсовано', finished_at = now()
     WHERE id = $1`,
    [job.id],
  )
  const failed = await cli.json('jobs', 'list', '--failed')
  expect(failed).toEqual([
    expect.objectContaining({ id: job.id, error: { code: 'extract.failed', message: 'Зіпсовано' } }),
  ])
  expect((await client.get(`/materials/${id}`)).status).toBe(200)
})

test('a tenant goes out and away with everything it has, and no one else loses anything', async () => {
  const { client } = await materialOf('Йде геть')
  const stays = await materialOf('Лишається')
  const before = await filesBelow(app.objectsFolder)
  const target = join(folder, 'йде геть')
  const exported = await cli.json('tenant', 'export', '--name', 'Йде геть', '--out', target)
  expect(exported).toEqual({ name: 'Йде геть', folder: target, rows: expect.any(Number), files: 1, missing: [] })
  expect(await readdir(target)).toEqual(expect.arrayContaining(['courses.jsonl', 'files', 'materials.jsonl']))
  expect((await stat(target)).mode & 0o777).toBe(0o700)
  const again = await cli.run('tenant', 'export', '--name', 'Йде геть', '--out', target)
  expect(again).toMatchObject({ code: 1, err: expect.stringMatching(/^course-supporter: [^\n]+exists already\n$/) })

  const other = await cli.run('tenant', 'delete', '--name', 'Йде геть', '--confirm', 'Лишається')
  expect(other).toMatchObject({ code: 1, err: expect.stringMatching(/nothing was deleted\.\n$/) })
  expect((await client.get('/me')).status).toBe(200)

  const deleted = await cli.json('tenant', 'delete', '--name', 'Йде геть', '--confirm', 'Йде геть')
  expect(deleted).toEqual({ id: client.tenantId, name: 'Йде геть', deleted: true, files: 1 })
  expect((await client.get('/me')).body.code).toBe('auth.key_invalid')
  expect(await filesBelow(app.objectsFolder)).toHaveLength(before.length - 1)
  expect((await stays.client.get(`/materials/${stays.id}`)).status).toBe(200)
  expect((await cli.json('tenant', 'list')).map(({ name }: { name: string }) => name)).not.toContain('Йде геть')
})

describe('costs', () => {
  const sums = { calls: 1, cost_usd: '0.000000001', tokens_in: 10, tokens_out: 5, avg_latency_ms: 300 }
  const priced = { unpriced: false, unpriced_calls: 0 }
  const period = ['--from', '2026-02-01', '--to', '2026-03-01']
  const none = { spent_usd: '0', reserved_usd: '0' }

  test('are those of all tenants or of one, in the shape of the API', async () => {
    const { tenantId, get } = await app.as('Платить')
    const { tenantId: other } = await app.as('Не платить')
    const call = { action: 'structure', provider: 'aimock', model: 'm-1', created_at: '2026-02-28T23:59:59Z' }
    const cost = { ...call, tokens_in: 10, tokens_out: 5, latency_ms: 300 }
    await recordCalls(app.database, [{ tenant_id: tenantId, ...cost }])
    const all = await cli.json('cost', ...period)
    expect(all).toMatchObject({ from: '2026-02-01T00:00:00.000Z', to: '2026-03-01T00:00:00.000Z' })
    expect(all.by_model).toEqual([{ group: 'm-1', ...sums, ...priced }])
    expect(all.by_tenant).toEqual([
      { group: tenantId, name: 'Платить', ...sums, ...priced, budget: { limit_usd: '10', ...none } },
    ])
    expect(all.installation).toEqual({ limit_usd: null, ...none })
    expect(all.budget).toBeUndefined()
    const { body } = await get('/reports/cost?from=2026-02-01&to=2026-03-01')
    expect(await cli.json('cost', '--tenant', 'Платить', ...period)).toEqual(body)
    expect((await cli.json('cost', '--tenant', 'Не платить', ...period)).summary.total_calls).toBe(0)

    await recordCalls(app.database, [{ tenant_id: other, ...cost, cost_nano_usd: null, succeeded: false }])
    await queryAsSuperuser(app.database, 'DELETE FROM tenants WHERE id = $1', [other])
    expect((await cli.json('cost', ...period)).by_tenant).toContainEqual({
      ...{ group: other, name: null, budget: null, ...sums, cost_usd: '0', unpriced: true, unpriced_calls: 1 },
    })
    const backwards = await cli.run('cost', '--from', '2026-03-01', '--to', '2026-02-01')
    expect(backwards).toMatchObject({ code: 1, err: 'course-supporter: to must be after from\n' })
  })

  test('are told with charts: who, when, what for, of which course', async () => {
    const client = await app.as('Малює')
    const { id: course } = await build.course(client, { title: 'Малюнок' })
    const own = { tenant_id: client.tenantId, course_id: course, created_at: '2026-01-10T12:00:00Z' }
    await recordCalls(app.database, [{ ...own, cost_nano_usd: '1500000000' }])
    await recordCalls(app.database, [{ tenant_id: client.tenantId, cost_nano_usd: '2500000000' }])
    const january = ['--from', '2026-01-01', '--to', '2026-02-01']
    const all = (await cli.run('cost', ...january)).out
    expect(all).toMatch(
      /^From 2026-01-01 to 2026-02-01 \(exclusive\): 1 call, 1\.5 USD\.\nThe limit of all for \d{4}-\d\d: none; /,
    )
    expect(all).toMatch(/^Малює +1\.5000 +1 +10 USD +█{5}░{15} 25 %$/m)
    expect(all).toMatch(/^2026-01-10 +█{40} +1\.5000 +100 % +1 +100 +10$/m)
    expect(all).toMatch(/^Малюнок +█{40} /m)
    const one = (await cli.run('cost', '--tenant', 'Малює', ...january)).out
    expect(one).toMatch(/\nThe budget of Малює for \d{4}-\d\d: 2\.5 of 10 USD spent {2}█{5}░{15} 25 %\n/)
    expect(one).not.toContain('TENANT')
    expect((await cli.run('cost', '--tenant', 'Черга')).out).toMatch(
      /: 0 calls, 0 USD\.\nThe budget of Черга for [^\n]+\n$/,
    )
  })
})

test('migrate has nothing to do where all is done', async () => {
  expect(await cli.json('migrate')).toEqual({ applied: [] })
  expect(await cli.run('migrate')).toEqual({ code: 0, out: 'The database is up to date.\n', err: '' })
})
