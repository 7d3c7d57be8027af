import { sql } from 'kysely'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { createTenants } from '#features/access/index.ts'
import { unavailable } from '#kernel/failure.ts'
import { createDatabase, type Database } from '#platform/db/database.ts'
import { newId } from '#platform/ids/index.ts'
import type { CallEnd, CallStart } from '#platform/llm/ledger.ts'
import { cloneDatabase, queryAsSuperuser, type TestDatabase } from '#test/database.ts'
import { recordCalls, recordReservation } from '#test/ledger.ts'
import { capturedLog } from '#test/log.ts'
import { createLedgers, type LedgerOf } from './ledgers.ts'

let home: TestDatabase
let db: Database
let captured: Awaited<ReturnType<typeof capturedLog>>
let tenantId: string
let made = 0

beforeAll(async () => {
  home = await cloneDatabase()
  db = createDatabase({ url: home.urls.app, poolSize: 8 })
})
afterAll(async () => {
  await db.close()
  await home.drop()
})
beforeEach(async () => {
  captured = await capturedLog()
  tenantId = await tenantWith(1_000n)
})

const query = (text: string, values: unknown[] = []) => queryAsSuperuser(home, text, values)

async function tenantWith(budget: bigint | null): Promise<string> {
  const { id, name } = await createTenants({ db }).create(`Академія ${made++}`)
  await createTenants({ db }).setBudget(name, budget)
  return id
}

const ledgers = ({ limit = null, over = db }: { limit?: bigint | null; over?: typeof db } = {}) =>
  createLedgers({ db: over, log: captured.log, installationLimitNanoUsd: limit, settleAgainMs: [0, 0] })
const ledgerOf = (whose: Partial<LedgerOf> = {}, options = {}) =>
  ledgers(options).for({ tenantId, courseId: null, jobId: null, ...whose })

const NOTHING = { fresh: 0, cacheRead: 0, cacheWrite: 0, output: 0, reasoning: 0, milliseconds: 0 }
const used = (tokens: number) => ({ ...NOTHING, output: tokens })
/** An attempt of so many nano-USD: a token costs one. */
const start = (most: number | null, fields: Partial<CallStart> = {}): CallStart => ({
  ...{ id: newId(), action: 'material_analysis', strategy: 'quality', strategyPath: 'quality/1' },
  ...{ provider: 'gemini', model: 'flash', promptVersion: 'read@1', attempt: 1, deadlineSeconds: 60 },
  price:
    most === null ? null : { input: 1n, cacheRead: 1n, cacheWrite: 1n, output: 1_000_000n, hour: 0n, source: 'test' },
  estimated: used(most === null ? 5 : Math.floor(most / 2)),
  maxCostNanoUsd: most === null ? null : BigInt(most),
  ...fields,
})
const end = (call: CallStart, cost: number | null, fields: Partial<CallEnd> = {}): CallEnd => ({
  ...call,
  ...{ outcome: 'answered', usage: used(cost ?? 5), usageSource: 'reported', latencyMs: 12.4 },
  costNanoUsd: cost === null ? null : BigInt(cost),
  ...fields,
})

/** The running month's accounts: of the tenant, and of all. */
async function accounts(of = tenantId, month = 'now()') {
  const at = `date_trunc('month', ${month} AT TIME ZONE 'UTC')::date`
  const columns = 'spent_nano_usd::int AS spent, reserved_nano_usd::int AS reserved'
  const [row] = await query(`SELECT ${columns} FROM llm_spending WHERE month = ${at} AND tenant_id = $1`, [of])
  return row
}
const rowsOf = (of = tenantId) => query('SELECT * FROM llm_calls WHERE tenant_id = $1 ORDER BY id', [of])
const reservationsOf = (of = tenantId) => query('SELECT id FROM llm_reservations WHERE tenant_id = $1', [of])
const events = () => captured.lines.map((line) => JSON.parse(line)).filter(({ event }) => event !== undefined)

async function remove(id: string) {
  const [{ name } = { name: '' }] = await query('SELECT name FROM tenants WHERE id = $1', [id])
  await createTenants({ db }).delete(name)
}

/** How many were set aside; the others must have been refused by a budget. */
async function reserveAll(reserving: Promise<void>[]): Promise<number> {
  const results = await Promise.allSettled(reserving)
  const refused = results.flatMap((result) => (result.status === 'rejected' ? [result.reason] : []))
  for (const reason of refused) expect(reason).toMatchObject({ kind: 'payment_required', code: 'budget.exceeded' })
  return results.length - refused.length
}

describe('an attempt', () => {
  test('is a row with all that there is to know of it, and its money is set aside until then', async () => {
    const [courseId, jobId] = [newId(), newId()]
    const ledger = ledgerOf({ courseId, jobId })
    const price = {
      input: 300_000_000n,
      cacheRead: 1n,
      cacheWrite: 2n,
      output: 2n ** 60n,
      hour: 4n,
      source: 'registry',
    }
    const call = start(700, { attempt: 3, strategyPath: 'default/2', price })
    await ledger.reserve(call)
    expect([await accounts(), await rowsOf()]).toEqual([{ spent: 0, reserved: 700 }, []])
    const usage = { fresh: 10, cacheRead: 20, cacheWrite: 30, output: 40, reasoning: 15, milliseconds: 0 }
    await ledger.settle(end(call, 650, { outcome: 'malformed', usage, usageSource: 'estimated' }))
    expect([await accounts(), await reservationsOf()]).toEqual([{ spent: 650, reserved: 0 }, []])
    expect(await rowsOf()).toEqual([
      {
        ...{ id: call.id, tenant_id: tenantId, course_id: courseId, job_id: jobId },
        ...{ action: 'material_analysis', strategy: 'quality', strategy_path: 'default/2', attempt: 3 },
        ...{ provider: 'gemini', model: 'flash', prompt_version: 'read@1' },
        ...{ succeeded: false, outcome: 'malformed', usage_source: 'estimated' },
        ...{ tokens_in: '60', tokens_fresh: '10', tokens_cache_read: '20', tokens_cache_write: '30' },
        ...{ tokens_out: '40', tokens_reasoning: '15', milliseconds: null, latency_ms: 12 },
        ...{ cost_nano_usd: '650', created_at: expect.any(Date) },
        price: {
          ...{ input: '300000000', cacheRead: '1', cacheWrite: '2', output: '1152921504606846976', hour: '4' },
          source: 'registry',
        },
      },
    ])
  })

  test('that is settled twice is paid once', async () => {
    const call = start(10)
    const ledger = ledgerOf()
    await ledger.reserve(call)
    await ledger.settle(end(call, 7))
    await ledger.settle(end(call, 9))
    expect([await accounts(), (await rowsOf()).map((row) => row['cost_nano_usd'])]).toEqual([
      { spent: 7, reserved: 0 },
      ['7'],
    ])
  })

  test('is written down when the database comes back', async () => {
    let outages = 2
    const flaky: Database = {
      ...db,
      forTenant: (id, work) => (outages-- > 0 ? Promise.reject(unavailable()) : db.forTenant(id, work)),
    }
    await ledgerOf({}, { over: flaky }).settle(end(start(10), 7))
    expect(await accounts()).toEqual({ spent: 7, reserved: 0 })
    outages = 3
    await expect(ledgerOf({}, { over: flaky }).settle(end(start(10), 7))).rejects.toMatchObject({ kind: 'unavailable' })
  })

  test('brings its answer along, in one transaction; without a place for the answer it is paid all the same', async () => {
    const kept: unknown[] = []
    const call = start(10)
    await ledgerOf().reserve(call)
    const keep: LedgerOf['keep'] = async (tx, { id }, answer) => {
      const open = await tx.selectFrom('llm_reservations').select('id').execute()
      kept.push([id, answer, open.length])
      if (answer === 'гріх') throw new Error('no such course')
    }
    await ledgerOf({ keep }).settle(end(call, 3), { modules: [] })
    await ledgerOf({ keep }).settle(end(start(10), 3))
    expect(kept).toEqual([[call.id, { modules: [] }, 1]])
    const other = start(10)
    await ledgerOf().reserve(other)
    await expect(ledgerOf({ keep }).settle(end(other, 4), 'гріх')).rejects.toThrow('no such course')
    expect(await accounts()).toEqual({ spent: 10, reserved: 0 })
  })
})

describe('a budget', () => {
  test.each([
    ['of the tenant', 700n, null],
    ['of the installation', null, 700n],
  ])('%s is never passed by those who come at once', async (_whose, budget, limit) => {
    const tenants =
      limit === null ? [await tenantWith(budget)] : await Promise.all([1, 2, 3, 4].map(() => tenantWith(null)))
    const [{ total } = { total: 0 }] = await query(
      'SELECT coalesce(sum(spent_nano_usd + reserved_nano_usd), 0)::int AS total FROM llm_spending',
    )
    const options = { limit: limit === null ? null : limit + BigInt(total) }
    const reserving = Array.from({ length: 200 }, (_, index) =>
      ledgerOf({ tenantId: tenants[index % tenants.length] ?? '' }, options).reserve(start(13)),
    )
    expect(await reserveAll(reserving)).toBe(Math.floor(700 / 13))
    const sums = await Promise.all(tenants.map((tenant) => accounts(tenant)))
    expect(sums.reduce((sum, row) => sum + row?.['reserved'], 0)).toBe(53 * 13)
    // Less than a whole call is left, which a smaller one may have.
    const last = ledgerOf({ tenantId: tenants[0] ?? '' }, options)
    await last.reserve(start(11))
    await expect(last.reserve(start(1))).rejects.toMatchObject({ code: 'budget.exceeded' })
    await last.reserve(start(0))
  })

  test('refuses before anything begins as soon as nothing is left of it', async () => {
    const require = (limit: bigint | null = null) =>
      db.forTenant(tenantId, (tx) => ledgers({ limit }).requireBudget(tx))
    await require()
    await ledgerOf().reserve(start(999))
    await require()
    const [{ total } = { total: '' }] = await query(
      'SELECT spent_nano_usd + reserved_nano_usd AS total FROM llm_spending_total ORDER BY month DESC LIMIT 1',
    )
    await require(BigInt(total) + 1n)
    await expect(require(BigInt(total))).rejects.toMatchObject({ message: expect.stringMatching(/service/) })
    await ledgerOf().reserve(start(1))
    await expect(require()).rejects.toMatchObject({ kind: 'payment_required', code: 'budget.exceeded' })
    expect(events().map(({ event, scope, tenantId: of }) => [event, scope, of])).toEqual([
      ['budget.refused', 'installation', tenantId],
      ['budget.refused', 'tenant', tenantId],
    ])
    await db.forTenant(await tenantWith(null), (tx) => ledgers().requireBudget(tx))
    const broke = await tenantWith(0n)
    await expect(db.forTenant(broke, (tx) => ledgers().requireBudget(tx))).rejects.toMatchObject({
      code: 'budget.exceeded',
    })
  })

  test('says what is left and what is needed, while anything is left', async () => {
    await ledgerOf().reserve(start(300))
    const message = (reserving: Promise<void>) => reserving.catch((error: Error) => error.message)
    expect(await message(ledgerOf().reserve(start(701)))).toBe(
      "What is left of your organisation's budget (0.0000007 USD) does not cover the most the next call may cost (0.000000701 USD).",
    )
    await ledgerOf().reserve(start(700))
    expect(await message(ledgerOf().reserve(start(1)))).toBe(
      "Your organisation's budget for language models is used up for this month.",
    )
    const [{ total } = { total: '' }] = await query(
      'SELECT spent_nano_usd + reserved_nano_usd AS total FROM llm_spending_total ORDER BY month DESC LIMIT 1',
    )
    const [free, most] = [{ tenantId: await tenantWith(null) }, BigInt(total)]
    // What others spend is not told.
    expect(await message(ledgerOf(free, { limit: most + 9n }).reserve(start(10)))).toBe(
      "What is left of this service's own limit for language models does not cover the most the next call may cost (0.00000001 USD).",
    )
    expect(await message(ledgerOf(free, { limit: most }).reserve(start(10)))).toBe(
      "This service's own limit for language models is reached for this month.",
    )
    expect(events().map(({ needsUsd, leftUsd }) => [needsUsd, leftUsd])).toEqual([
      ['0.000000701', '0.0000007'],
      [undefined, undefined],
      ['0.00000001', undefined],
      [undefined, undefined],
    ])
  })

  test('refuses a model without a price, wherever there is one', async () => {
    await expect(ledgerOf().reserve(start(null))).rejects.toMatchObject({
      ...{ kind: 'conflict', code: 'llm.unpriced' },
      message: 'The price of the language model flash is not known, so that no budget can be kept with it.',
    })
    const free = { tenantId: await tenantWith(null) }
    await expect(ledgerOf(free, { limit: 10n ** 15n }).reserve(start(null))).rejects.toMatchObject({
      code: 'llm.unpriced',
    })
    const call = start(null)
    await ledgerOf(free).reserve(call)
    await ledgerOf(free).settle(end(call, null))
    expect((await rowsOf(free.tenantId))[0]).toMatchObject({ cost_nano_usd: null, price: null })
    expect(await accounts(free.tenantId)).toEqual({ spent: 0, reserved: 0 })
    expect(await reservationsOf()).toEqual([])
  })

  test('begins anew with the month; what began in the old one is paid from it', async () => {
    const lastMonth = "(now() - interval '40 days')"
    const before = new Date(Date.now() - 40 * 86_400_000)
    await recordCalls(home, [{ tenant_id: tenantId, cost_nano_usd: '990', created_at: before }])
    const call = start(10)
    const month = `${before.toISOString().slice(0, 7)}-01`
    await recordReservation(home, { id: call.id, tenant_id: tenantId, nano_usd: '10', month, created_at: before })
    await ledgerOf().reserve(start(1_000))
    await ledgerOf().settle(end(call, 9))
    expect(await accounts(tenantId, lastMonth)).toEqual({ spent: 999, reserved: 0 })
    expect(await accounts()).toEqual({ spent: 0, reserved: 1_000 })
    expect((await rowsOf()).map((row) => row['created_at'])).toEqual([before, before])
    expect(events()).toEqual([])
  })
})

describe('what a killed process leaves', () => {
  test('is settled when its job begins again, as what it would probably have cost', async () => {
    const [jobId, otherJob] = [newId(), newId()]
    const calls = [start(100), start(60)]
    for (const call of calls) await ledgerOf({ jobId }).reserve(call)
    await ledgerOf({ jobId: otherJob }).reserve(start(7))
    expect(await ledgers().settleLost(tenantId, jobId)).toBe(2)
    expect(await ledgers().settleLost(tenantId, jobId)).toBe(0)
    expect(await accounts()).toEqual({ spent: 80, reserved: 7 })
    expect(await rowsOf()).toMatchObject(
      calls.map(({ id }, index) => ({
        ...{
          id,
          job_id: jobId,
          succeeded: false,
          outcome: 'lost',
          usage_source: 'estimated',
          prompt_version: 'read@1',
        },
        ...{ cost_nano_usd: ['50', '30'][index], tokens_out: ['50', '30'][index] },
      })),
    )
    // One of them was alive after all.
    await ledgerOf({ jobId }).settle(end(calls[0] ?? start(0), 99))
    expect(await accounts()).toEqual({ spent: 129, reserved: 7 })
    expect((await rowsOf())[0]).toMatchObject({
      outcome: 'answered',
      succeeded: true,
      cost_nano_usd: '99',
      tokens_out: '99',
    })
    await ledgerOf({ jobId }).settle(end(calls[0] ?? start(0), 1))
    expect(await accounts()).toEqual({ spent: 129, reserved: 7 })
  })

  test('is settled for everybody once its time is over, however many months and tenants', async () => {
    const rival = await tenantWith(null)
    const overdue = { expires_at: new Date(Date.now() - 1_000) }
    const before = { created_at: new Date('2026-03-31T23:59:59Z'), month: '2026-03-01' }
    for (const of of [tenantId, rival]) {
      await ledgerOf({ tenantId: of }).reserve(start(20))
      await ledgerOf({ tenantId: of }).reserve(start(40))
    }
    await query(
      "UPDATE llm_reservations SET expires_at = now() - interval '1 second' WHERE nano_usd = 40 AND tenant_id IN ($1, $2)",
      [tenantId, rival],
    )
    const [{ call } = { call: {} }] = await query('SELECT call FROM llm_reservations WHERE tenant_id = $1', [rival])
    await recordReservation(home, { tenant_id: rival, nano_usd: '5', call, ...before, ...overdue })
    expect(await ledgers().settleExpired()).toBe(3)
    expect(await ledgers().settleExpired()).toBe(0)
    expect(await Promise.all([accounts(), accounts(rival)])).toEqual(Array(2).fill({ spent: 20, reserved: 20 }))
    expect(await accounts(rival, "timestamptz '2026-03-02Z'")).toEqual({ spent: 10, reserved: 0 })
  })

  test('is settled along with a deleted tenant, whose ledger stays; a call that ends then is corrected', async () => {
    const total = async () =>
      (await query('SELECT spent_nano_usd::int AS total FROM llm_spending_total ORDER BY month DESC LIMIT 1'))[0]?.[
        'total'
      ]
    const call = start(100)
    await ledgerOf().reserve(call)
    await ledgerOf().reserve(start(50))
    const before = await total()
    await remove(tenantId)
    expect(await accounts()).toEqual({ spent: 75, reserved: 0 })
    expect((await total()) - before).toBe(75)
    expect((await rowsOf()).map(({ outcome }) => outcome)).toEqual(['lost', 'lost'])
    await ledgerOf().settle(end(call, 77))
    expect([await accounts(), (await rowsOf()).length]).toEqual([{ spent: 102, reserved: 0 }, 2])
    expect((await total()) - before).toBe(102)
  })

  test('keeps nobody from being deleted: what cannot be written down is spent all the same', async () => {
    await recordReservation(home, { tenant_id: tenantId, nano_usd: '30', call: {} })
    await ledgerOf().reserve(start(100))
    await remove(tenantId)
    expect([await accounts(), (await rowsOf()).length]).toEqual([{ spent: 80, reserved: 0 }, 1])
  })

  test('of one tenant, where it cannot be written down, does not keep the others waiting', async () => {
    const [bad, others] = [tenantId, [await tenantWith(null), await tenantWith(null)]]
    await recordReservation(home, { tenant_id: bad, call: {}, expires_at: new Date(Date.now() - 1_000) })
    for (const of of others) await ledgerOf({ tenantId: of }).reserve(start(10))
    await query("UPDATE llm_reservations SET expires_at = now() - interval '1 second' WHERE tenant_id = ANY ($1)", [
      others,
    ])
    expect(await ledgers().settleExpired()).toBe(2)
    expect(await accounts(bad)).toEqual({ spent: 0, reserved: 1 })
    const errors = captured.lines.map((line) => JSON.parse(line)).filter(({ level }) => level === 'error')
    expect(errors).toEqual([expect.objectContaining({ tenantId: bad, msg: expect.stringContaining('settled') })])
    await remove(bad)
  })

  test('is corrected once, and never by another guess', async () => {
    const [call, jobId] = [start(100), newId()]
    await ledgerOf({ jobId }).reserve(call)
    await ledgers().settleLost(tenantId, jobId)
    const guess = {
      id: call.id,
      action: 'x',
      strategy: 'default',
      provider: 'x',
      model: 'x',
      attempt: 1,
      latency_ms: 0,
    }
    const nothing = { ...guess, tokens_in: 0, tokens_out: 0, tokens_fresh: 0, tokens_cache_read: 0 }
    const lost = { ...nothing, tokens_cache_write: 0, tokens_reasoning: 0, succeeded: false, cost_nano_usd: '0' }
    const told = JSON.stringify({ ...lost, outcome: 'lost', usage_source: 'none' })
    await db.forTenant(tenantId, (tx) => sql`SELECT * FROM settle_llm_call(${told}::jsonb)`.execute(tx))
    expect(await accounts()).toEqual({ spent: 50, reserved: 0 })
    await ledgerOf({ jobId }).settle(end(call, 20))
    await ledgerOf({ jobId }).settle(end(call, 1))
    expect(await accounts()).toEqual({ spent: 20, reserved: 0 })
  })

  test('does not stand in anybody’s way: settling, sweeping and deleting wait for each other in one order', async () => {
    const names = await Promise.all(
      Array.from({ length: 6 }, async () => {
        const id = await tenantWith(null)
        const calls = Array.from({ length: 6 }, () => start(10))
        for (const call of calls) await ledgerOf({ tenantId: id }).reserve(call)
        const [{ name } = { name: '' }] = await query('SELECT name FROM tenants WHERE id = $1', [id])
        return { id, name, calls }
      }),
    )
    await query("UPDATE llm_reservations SET expires_at = now() - interval '1 second' WHERE tenant_id = ANY ($1)", [
      names.map(({ id }) => id),
    ])
    const work = names.flatMap(({ id, name, calls }, index) => [
      ledgers().settleExpired(),
      ...calls.map((call) => ledgerOf({ tenantId: id }).settle(end(call, 1))),
      ...(index < 3 ? [createTenants({ db }).delete(name)] : [ledgerOf({ tenantId: id }).reserve(start(10))]),
    ])
    await Promise.all<unknown>(work)
    const left = await query('SELECT FROM llm_reservations WHERE tenant_id = ANY ($1) AND expires_at < now()', [
      names.map(({ id }) => id),
    ])
    expect(left).toEqual([])
  })
})

describe('events', () => {
  const reached = () =>
    events()
      .filter(({ event }) => event === 'budget.reached')
      .map(({ level, percent, scope }) => [level, percent, scope])

  test('tell once when 80 and 100 per cent are spent, however many calls end at once', async () => {
    const ledger = ledgerOf()
    await ledger.settle(end(start(799), 799))
    expect(reached()).toEqual([])
    await ledger.settle(end(start(1), 1))
    const month = new Date().toISOString().slice(0, 7)
    expect(events()).toEqual([
      expect.objectContaining({
        ...{ level: 'warn', event: 'budget.reached', percent: 80, scope: 'tenant', tenantId, month },
        ...{ spentUsd: '0.0000008', limitUsd: '0.000001' },
      }),
    ])
    await Promise.all(Array.from({ length: 12 }, () => ledger.settle(end(start(50), 50))))
    expect(reached()).toEqual([
      ['warn', 80, 'tenant'],
      ['error', 100, 'tenant'],
    ])
  })

  test('tell of the installation’s limit by itself, and of lost calls as of others', async () => {
    await recordCalls(home, [{ tenant_id: tenantId, cost_nano_usd: '700' }])
    const [{ total } = { total: '' }] = await query(
      'SELECT spent_nano_usd AS total FROM llm_spending_total ORDER BY month DESC LIMIT 1',
    )
    const limit = (BigInt(total) * 10n) / 7n
    const jobId = newId()
    const rich = { tenantId: await tenantWith(null), jobId }
    await ledgerOf(rich).reserve(start(Number(limit) * 2))
    await ledgers({ limit }).settleLost(rich.tenantId, jobId)
    expect(reached()).toEqual([
      ['warn', 80, 'installation'],
      ['error', 100, 'installation'],
    ])
    expect(events().every((event) => event.tenantId === undefined)).toBe(true)
  })

  test('tell of each call that was refused', async () => {
    await expect(ledgerOf().reserve(start(1_001))).rejects.toMatchObject({
      message: expect.stringMatching(/organisation/),
    })
    expect(events()).toEqual([
      expect.objectContaining({
        ...{ level: 'warn', event: 'budget.refused', scope: 'tenant', tenantId },
        ...{ action: 'material_analysis', provider: 'gemini', model: 'flash' },
      }),
    ])
  })
})

describe('a tenant', () => {
  test('cannot settle another’s attempt, nor take its row', async () => {
    const call = start(10)
    await ledgerOf().reserve(call)
    const rival = { tenantId: await tenantWith(null) }
    await expect(ledgerOf(rival).settle(end(call, 1))).rejects.toMatchObject({ code: '42501' })
    expect(await accounts()).toEqual({ spent: 0, reserved: 10 })
    await ledgerOf().settle(end(call, 10))
    await expect(ledgerOf(rival).settle(end(call, 1))).rejects.toMatchObject({ code: '42501' })
    await ledgerOf(rival).reserve(call)
    await expect(ledgerOf(rival).settle(end(call, 1))).rejects.toMatchObject({ code: '42501' })
    expect(await rowsOf()).toMatchObject([{ cost_nano_usd: '10' }])
    expect(await rowsOf(rival.tenantId)).toEqual([])
    await ledgerOf({ jobId: rival.tenantId }).reserve(start(10))
    expect(await ledgers().settleLost(rival.tenantId, rival.tenantId)).toBe(0)
  })

  test.each([
    'INSERT INTO llm_calls SELECT * FROM llm_calls LIMIT 0',
    'UPDATE llm_calls SET cost_nano_usd = 0',
    'DELETE FROM llm_calls',
    'INSERT INTO llm_reservations SELECT * FROM llm_reservations LIMIT 0',
    'UPDATE llm_reservations SET nano_usd = 0',
    'DELETE FROM llm_reservations',
    'UPDATE llm_spending SET spent_nano_usd = 0',
    'DELETE FROM llm_spending',
    'UPDATE llm_spending_total SET spent_nano_usd = 0',
    "SELECT account_llm(current_tenant(), '2026-01-01', -1, 0)",
    "SELECT llm_accounts_of(current_tenant(), '2026-01-01')",
    "SELECT exhausted_llm_budget(current_tenant(), '2026-01-01', 1, 1)",
  ])('and the operator have no way to money but the ledger’s: %s', async (text) => {
    await expect(db.forTenant(tenantId, (tx) => sql.raw(text).execute(tx))).rejects.toMatchObject({ code: '42501' })
    await expect(db.asOperator('test', (tx) => sql.raw(text).execute(tx))).rejects.toMatchObject({ code: '42501' })
  })

  test('may bound its providers', async () => {
    const providers = () => db.forTenant(tenantId, (tx) => ledgers().providersOf(tx))
    expect(await providers()).toBeNull()
    await query("UPDATE tenants SET llm_providers = '{openai,anthropic}' WHERE id = $1", [tenantId])
    expect(await providers()).toEqual(['openai', 'anthropic'])
  })
})
