import fc from 'fast-check'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { createTenants } from '#features/access/index.ts'
import { usd } from '#kernel/money.ts'
import { startApp, type TestApp } from '#test/app.ts'
import { build } from '#test/build.ts'
import { recordCalls, recordReservation } from '#test/ledger.ts'
import { createCostReports } from './report.ts'

let app: TestApp
let acme: Awaited<ReturnType<TestApp['as']>>
let tenants = 0

beforeAll(async () => {
  app = await startApp()
})
afterAll(() => app.close())
beforeEach(async () => {
  acme = await app.as(`Академія ${tenants++}`)
})

type Call = { at: string; cost: bigint | null; [field: string]: unknown }

const record = (calls: Call[], { tenantId } = acme) =>
  recordCalls(
    app.database,
    calls.map(({ at, cost, ...fields }) => ({
      ...{ action: 'structure', ...fields, tenant_id: tenantId, created_at: new Date(at) },
      cost_nano_usd: cost === null ? null : String(cost),
    })),
  )

const report = async (query = '?from=2021-03-01&to=2021-04-01', headers = {}) =>
  acme.get(`/reports/cost${query}`, headers)
const monthOf = (now: Date) =>
  [0, 1].map((later) => new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + later)))

describe('a cost report', () => {
  test('is zeros of the running UTC month until there are calls', async () => {
    const { status, body } = await report('')
    expect(status).toBe(200)
    const [from, to] = monthOf(new Date())
    expect(body).toEqual({
      ...{ from: from?.toISOString(), to: to?.toISOString() },
      summary: {
        ...{ total_calls: 0, successful_calls: 0, failed_calls: 0, total_cost_usd: '0' },
        ...{
          estimated_cost_usd: '0',
          total_tokens_in: 0,
          total_tokens_out: 0,
          avg_latency_ms: 0,
          unpriced: false,
          unpriced_calls: 0,
        },
      },
      ...{ by_action: [], by_provider: [], by_model: [], by_course: [], by_day: [] },
      budget: { limit_usd: '10', spent_usd: '0', reserved_usd: '0' },
    })
  })

  test('sums calls as a whole and by every group', async () => {
    const { id: course } = await build.course(acme)
    await record([
      { at: '2021-03-01T00:00:00Z', cost: 1n, course_id: course, usage_source: 'estimated' },
      { at: '2021-03-01T23:59:59.999Z', cost: 2_000_000_000n, provider: 'openai', model: 'gpt', latency_ms: 151 },
      { at: '2021-03-02T00:00:00Z', cost: null, provider: 'openai', model: 'local', succeeded: false },
      {
        at: '2021-03-31T23:59:59.999Z',
        cost: 500_000_000n,
        action: 'grade',
        tokens_in: '7',
        latency_ms: 0,
        usage_source: 'estimated',
      },
    ])
    const { body } = await report()
    expect(body.summary).toEqual({
      ...{ total_calls: 4, successful_calls: 3, failed_calls: 1, total_cost_usd: '2.500000001' },
      ...{
        estimated_cost_usd: '0.500000001',
        total_tokens_in: 307,
        total_tokens_out: 40,
        avg_latency_ms: 63,
        unpriced: true,
        unpriced_calls: 1,
      },
    })
    type Row = [group: string | null, calls: number, cost: string, tokensIn: number, latency: number, unpriced?: number]
    const row = (...[group, calls, cost_usd, tokens_in, avg_latency_ms, unpriced_calls = 0]: Row) => ({
      ...{ group, calls, cost_usd, tokens_in, tokens_out: calls * 10, avg_latency_ms },
      ...{ unpriced: unpriced_calls > 0, unpriced_calls },
    })
    expect(body.by_action).toEqual([row('structure', 3, '2.000000001', 300, 84, 1), row('grade', 1, '0.5', 7, 0)])
    expect(body.by_provider).toEqual([row('openai', 2, '2', 200, 101, 1), row('gemini', 2, '0.500000001', 107, 25)])
    expect(body.by_model.map(({ group }: { group: string }) => group)).toEqual(['gpt', 'flash', 'local'])
    expect(body.by_course).toEqual([row(null, 3, '2.5', 207, 67, 1), row(course, 1, '0.000000001', 100, 50)])
    expect(body.by_day).toEqual([
      row('2021-03-01', 2, '2.000000001', 200, 101),
      row('2021-03-02', 1, '0', 100, 50, 1),
      row('2021-03-31', 1, '0.5', 7, 0),
    ])
  })

  test('is the same to the last nano-dollar as adding up by hand', async () => {
    const call = fc.record({
      cost: fc.option(fc.bigInt({ min: 0n, max: 10n ** 17n })),
      action: fc.constantFrom('structure', 'grade'),
      at: fc.constantFrom('2021-03-05T10:00:00Z', '2021-03-06T10:00:00Z'),
    })
    const rounds = fc.asyncProperty(fc.array(call, { minLength: 1, maxLength: 30 }), async (calls) => {
      acme = await app.as(`Академія ${tenants++}`)
      await record(calls)
      const { body } = await report()
      const sum = (some: typeof calls) => usd(some.reduce((total, { cost }) => total + (cost ?? 0n), 0n))
      expect(body.summary.total_cost_usd).toBe(sum(calls))
      for (const { group, cost_usd, calls: count } of body.by_action) {
        const own = calls.filter(({ action }) => action === group)
        expect([cost_usd, count]).toEqual([sum(own), own.length])
      }
      for (const { group, cost_usd } of body.by_day)
        expect(cost_usd).toBe(sum(calls.filter(({ at }) => at.startsWith(group))))
    })
    await fc.assert(rounds, { numRuns: 15 })
  })

  test('counts every outcome but an answer as failed', async () => {
    const outcomes = ['answered', 'malformed', 'refused', 'aborted', 'lost']
    await record(
      outcomes.map((outcome) => ({ at: '2021-03-01T00:00:00Z', cost: 1n, outcome, succeeded: outcome === 'answered' })),
    )
    expect((await report()).body.summary).toMatchObject({ total_calls: 5, successful_calls: 1, failed_calls: 4 })
  })

  test("has a budget of the running month, whatever the period: the tenant's own limit, spending and reservations", async () => {
    await record([
      { at: '2021-03-01T00:00:00Z', cost: 5_000_000_000n },
      { at: new Date().toISOString(), cost: 1_500_000_000n },
    ])
    await recordReservation(app.database, { tenant_id: acme.tenantId, nano_usd: '250000000' })
    const budget = { limit_usd: '10', spent_usd: '1.5', reserved_usd: '0.25' }
    expect((await report()).body.budget).toEqual(budget)
    expect((await acme.get('/me')).body.budget).toEqual(budget)
    await createTenants(app.services).setBudget(`Академія ${tenants - 1}`, null)
    expect((await report()).body.budget).toEqual({ ...budget, limit_usd: null })
  })

  test("shows a tenant's own calls to both scopes, and its month's in the budget", async () => {
    const at = new Date().toISOString()
    await record([{ at, cost: 3n }])
    const rival = await app.as(`Суперник ${tenants}`)
    await record([{ at, cost: 1_000_000_000n }], rival)
    for (const scope of ['prep', 'check'] as const) {
      const { body } = await (await app.as(`Академія ${tenants - 1}`, [scope])).get('/reports/cost')
      expect(body.summary).toMatchObject({ total_calls: 1, total_cost_usd: '0.000000003' })
      expect(body.budget).toEqual({ limit_usd: '10', spent_usd: '0.000000003', reserved_usd: '0' })
    }
    expect((await report()).body.budget.spent_usd).toBe('0.000000003')
  })
})

describe('the filters', () => {
  const NOBODY = '0197f0c4-5d2e-7cc1-9d39-3a1f6a3c9e10'
  const JOB = '0197f0c4-5d2e-7cc1-9d39-3a1f6a3c9e11'
  test('narrow the sums and the calls, each and together', async () => {
    const { id: course } = await build.course(acme)
    const at = '2021-03-10T10:00:00Z'
    await record([
      { at, cost: 1n, course_id: course, provider: 'openai', model: 'gpt', job_id: JOB },
      { at, cost: 2n, course_id: course },
      { at, cost: 4n, action: 'grade' },
      { at, cost: 8n, action: 'grade', model: 'pro' },
    ])
    const rival = await app.as(`Суперник ${tenants}`)
    await record([{ at, cost: 16n }], rival)
    for (const [filter, cost] of [
      ['', 15],
      [`course_id=${course}`, 3],
      ['provider=openai', 1],
      [`job_id=${JOB}`, 1],
      [`job_id=${NOBODY}`, 0],
      ['action=grade', 12],
      ['model=flash', 6],
      ['action=grade&model=flash', 4],
      [`course_id=${course}&provider=gemini&action=structure&model=flash`, 2],
      ['model=%D1%97', 0],
      [`course_id=${NOBODY}`, 0],
    ] as const) {
      const query = `?from=2021-03-10&to=2021-03-20&${filter}`
      const { body } = await report(query)
      expect([filter, body.summary.total_cost_usd]).toEqual([filter, usd(BigInt(cost))])
      const { body: csv } = await report(query, { accept: 'text/csv' })
      expect(String(csv).trimEnd().split('\r\n').length - 1).toBe(body.summary.total_calls)
    }
  })
})

describe('the period', () => {
  test.each([
    ['?from=2021-03-10T10:00:00Z&to=2021-03-10T12:00:00Z', 2],
    ['?from=2021-03-10T10:00:00.001Z&to=2021-03-10T12:00:00Z', 1],
    ['?from=2021-03-10T12:00:00%2B02:00&to=2021-03-10T13:00:00%2B02:00', 1],
    ['?from=2021-03-10&to=2021-03-11', 3],
    ['?from=2021-03-11&to=2021-03-12', 0],
    ['?from=2021-03-10', 3],
    ['?to=2021-03-10T11:30:00Z', 2],
    ['?from=0001-01-01&to=9999-12-31', 3],
    ['', 0],
  ])('%s has %i of the calls at 10, 11 and 12 o’clock', async (query, count) => {
    await record([10, 11, 12].map((hour) => ({ at: `2021-03-10T${hour}:00:00Z`, cost: 1n })))
    const { status, body } = await report(query)
    expect([status, body.summary?.total_calls]).toEqual([200, count])
  })

  const january = ['2021-01-01T00:00:00.000Z', '2021-02-01T00:00:00.000Z']
  test.each<[string, string, { from?: string; to?: string }, string[]]>([
    ['is the month', '2021-01-01T00:00:00.000Z', {}, january],
    ['is the month to its last moment', '2021-01-31T23:59:59.999Z', {}, january],
    ['is the month in UTC, wherever that is told', '2021-02-01T01:30:00+02:00', {}, january],
    [
      'spans the end of a year',
      '2020-12-31T23:59:59.999Z',
      {},
      ['2020-12-01T00:00:00.000Z', '2021-01-01T00:00:00.000Z'],
    ],
    ['has a leap day', '2028-02-29T12:00:00Z', {}, ['2028-02-01T00:00:00.000Z', '2028-03-01T00:00:00.000Z']],
    [
      'goes on to the end of the month',
      '2021-01-15T00:00:00Z',
      { from: '2020-11-05T00:00:00.000Z' },
      ['2020-11-05T00:00:00.000Z', january[1] ?? ''],
    ],
    [
      'begins with the month',
      '2021-01-15T00:00:00Z',
      { to: '2021-01-09T00:00:00.000Z' },
      [january[0] ?? '', '2021-01-09T00:00:00.000Z'],
    ],
    ['is the month of an end that is past', '2021-03-15T00:00:00Z', { to: january[1] ?? '' }, january],
    ['is the month of a start to come', '2020-11-15T00:00:00Z', { from: january[0] ?? '' }, january],
  ])('%s: at %s with %j', async (_what, now, given, [from, to]) => {
    const reports = createCostReports({ db: app.services.db, now: () => new Date(now) })
    const period = Object.fromEntries(Object.entries(given).map(([bound, text]) => [bound, new Date(text)]))
    const made = await reports.reportFor(acme.tenantId, period)
    expect([made.from.toISOString(), made.to.toISOString()]).toEqual([from, to])
  })

  test.each([
    ['from=2021-02-31', 'from'],
    ['to=2021-02-29', 'to'],
    ['from=2021-13-01', 'from'],
    ['from=2021-3-1', 'from'],
    ['from=', 'from'],
    ['from=вчора', 'from'],
    ['from=1772323200', 'from'],
    ['from=2021-03-01T00:00:00', 'from'],
    ['from=2021-03-01T24:00:00Z', 'from'],
    ['from=2021-03-01T00:00:00 02:00', 'from'],
    ['from=2016-12-31T23:59:60Z', 'from'],
    ['from=2021-03-02&to=2021-03-01', 'to'],
    ['from=9999-12-31', 'from'],
    ['to=0000-01-01', 'to'],
    ['from=2021-03-01&to=2021-03-01T02:00:00%2B02:00', 'to'],
    ['since=2021-03-01', 'since'],
    ['course_id=7', 'course_id'],
    ['job_id=7', 'job_id'],
    ['action=', 'action'],
    ['model=%00', 'model'],
    [`provider=${'x'.repeat(201)}`, 'provider'],
    ['provider=a&provider=b', 'provider'],
  ])('?%s is refused', async (query, path) => {
    for (const accept of ['application/json', 'text/csv']) {
      const { status, body } = await report(`?${query}`, { accept })
      expect([status, body.errors?.[0].path]).toEqual([422, path])
    }
  })
})

test('what is no moment is told of once', async () => {
  const { body } = await report('?from=учора&to=завтра')
  const message = 'must be a day or an RFC 3339 time'
  expect(body.errors).toEqual([
    { path: 'from', message },
    { path: 'to', message },
  ])
})

describe('the calls as CSV', () => {
  const csv = async () => {
    const { headers, body } = await report(undefined, { accept: 'text/csv' })
    expect(headers.get('content-type')).toBe('text/csv; charset=utf-8')
    return String(body).split('\r\n')
  }
  const HEADER =
    'id,created_at,action,provider,model,course_id,job_id,succeeded,tokens_in,tokens_out,cost_usd,latency_ms,' +
    'strategy_path,prompt_version,attempt,outcome,tokens_fresh,tokens_cache_read,tokens_cache_write,tokens_reasoning,usage_source,unpriced'

  test('are the header alone while there are none', async () => {
    expect(await csv()).toEqual([HEADER, ''])
  })

  test('are one line each, in the order of time, and only the period’s', async () => {
    const whole = {
      ...{ job_id: '0197f0c4-5d2e-7cc1-9d39-3a1f6a3c9e10', strategy_path: 'quality/2', prompt_version: 'read@3' },
      ...{ attempt: 2, tokens_in: 100, tokens_fresh: 90, tokens_cache_read: 7, tokens_cache_write: 3 },
      tokens_reasoning: 4,
    }
    await record([
      { at: '2021-02-28T23:59:59Z', cost: 1n },
      { at: '2021-03-01T00:00:00Z', cost: 1_250_000_000n, ...whole },
      { at: '2021-03-02T00:00:00Z', cost: null, succeeded: false },
      { at: '2021-04-01T00:00:00Z', cost: 1n },
    ])
    const lines = (await csv()).map((line) => line.replace(/^[0-9a-f-]{36},/, ''))
    expect(lines).toEqual([
      HEADER,
      '2021-03-01T00:00:00.000Z,structure,gemini,flash,,0197f0c4-5d2e-7cc1-9d39-3a1f6a3c9e10,true,100,10,1.25,50,quality/2,read@3,2,answered,90,7,3,4,reported,false',
      '2021-03-02T00:00:00.000Z,structure,gemini,flash,,,false,100,10,,50,,,1,server_error,100,0,0,0,reported,true',
      '',
    ])
  })

  test('go over any number of batches', async () => {
    const calls = Array.from({ length: 2_001 }, (_, index) => ({ at: '2021-03-01T00:00:00Z', cost: BigInt(index) }))
    await record(calls.slice(0, 1_000))
    await record(calls.slice(1_000))
    const costs = (await csv()).slice(1, -1).map((line) => line.split(',')[10])
    expect(costs).toEqual(calls.map(({ cost }) => usd(cost)))
  })

  test.each([
    ['=HYPERLINK("http://зле")', `"'=HYPERLINK(""http://зле"")"`],
    ['+1', "'+1"],
    ['-1', "'-1"],
    ['@SUM(A1)', "'@SUM(A1)"],
    ['\t=1', `"'\t=1"`],
    ['\r=1', `"'\r=1"`],
    ['\n=1', `"'\n=1"`],
    ['＝1', "'＝1"],
    ['а, б', '"а, б"'],
    ['"лапки"', '"""лапки"""'],
    ['рядок\nрядок', '"рядок\nрядок"'],
    ['модель-1=2', 'модель-1=2'],
  ])('write %j so that no program takes it for anything else', async (model, cell) => {
    await record([{ at: '2021-03-01T00:00:00Z', cost: 1n, model }])
    const { body } = await report(undefined, { accept: 'text/csv' })
    expect(body).toContain(`,gemini,${cell},,`)
  })

  test.each([
    ['text/csv', true],
    ['Text/CSV; charset=utf-8', true],
    ['text/*', true],
    ['text/csv, application/json', true],
    ['text/csv, */*;q=0.1', true],
    ['application/json;q=0.5, text/csv;q=0.9', true],
    ['application/json, text/csv;q=0.9', false],
    ['text/csv;q=0', false],
    ['text/csv;q=0.2, */*;q=0.5', false],
    ['*/*', false],
    ['application/json, text/plain, */*', false],
    ['image/png', false],
    ['', false],
  ])('are what Accept: %s asks for: %s', async (accept, isCsv) => {
    const { headers } = await report(undefined, { accept })
    expect(headers.get('content-type')).toContain(isCsv ? 'text/csv' : 'application/json')
  })
})
