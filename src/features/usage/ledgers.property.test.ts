import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createTenants } from '#features/access/index.ts'
import { createDatabase, type Database } from '#platform/db/database.ts'
import { newId } from '#platform/ids/index.ts'
import type { CallEnd, CallStart } from '#platform/llm/ledger.ts'
import { cloneDatabase, queryAsSuperuser, type TestDatabase } from '#test/database.ts'
import { capturedLog } from '#test/log.ts'
import { createLedgers, type Ledgers } from './ledgers.ts'
import { createCostReports } from './report.ts'

let home: TestDatabase
let db: Database
let ledgers: Ledgers

beforeAll(async () => {
  home = await cloneDatabase()
  db = createDatabase({ url: home.urls.app, poolSize: 8 })
  const { log } = await capturedLog()
  ledgers = createLedgers({ db, log, installationLimitNanoUsd: null })
})
afterAll(async () => {
  await db.close()
  await home.drop()
})

const TENANTS = 3
const BUDGET = 500
const JOBS = Array.from({ length: 2 }, newId)

/**
 * One call from its beginning on. `paid` is what the ledger must say of it; null while it is under way. `excess` is by how much one that was
 * given up as lost was dearer than estimated: the only money that no budget could refuse.
 */
type Call = { tenant: number; job: string; start: CallStart; paid: number | null; isLost: boolean; excess: number }

type Step =
  | { kind: 'reserve'; tenant: number; job: number; most: number }
  /** Of the open or lost calls, the one at this place; twice: told again, which changes nothing. */
  | { kind: 'settle'; which: number; share: number; twice: boolean }
  | { kind: 'lose'; tenant: number; job: number }

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant('reserve' as const),
      tenant: fc.nat(TENANTS - 1),
      job: fc.nat(1),
      most: fc.nat(200),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('settle' as const),
      which: fc.nat(9),
      share: fc.double({ min: 0, max: 1, noNaN: true }),
      twice: fc.boolean(),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('lose' as const), tenant: fc.nat(TENANTS - 1), job: fc.nat(1) }),
  },
)

test('whatever happens in whichever order, every account is the sum of its rows and no budget is passed', async () => {
  let worlds = 0
  // Steps of one round happen at once.
  const rounds = fc.array(fc.array(step, { minLength: 1, maxLength: 6 }), { minLength: 1, maxLength: 6 })
  await fc.assert(
    fc.asyncProperty(rounds, async (rounds) => {
      const world = worlds++
      const tenants = await Promise.all(Array.from({ length: TENANTS }, (_, index) => makeTenant(`${world}/${index}`)))
      const calls: Call[] = []
      for (const round of rounds) await Promise.all(plan(round, tenants, calls))
      await check(tenants, calls)
      for (const tenantId of tenants) for (const job of JOBS) await ledgers.settleLost(tenantId, job)
      for (const call of calls) if (call.paid === null) Object.assign(call, lost(call))
      await check(tenants, calls)
      expect(await countReservations(tenants)).toBe(0)
    }),
    { numRuns: 20 },
  )
})

/** What a round does. A call is touched by one step of it; those that are lost are not settled meanwhile, as then either may come first. */
function plan(round: Step[], tenants: string[], calls: Call[]): Promise<unknown>[] {
  const touched = new Set<Call>()
  return round.map(async (step) => {
    if (step.kind === 'reserve') {
      const start = startOf(step.most)
      const job = JOBS[step.job] ?? ''
      await ledgerOf(tenants, step.tenant, job)
        .reserve(start)
        .then(() => calls.push({ tenant: step.tenant, job, start, paid: null, isLost: false, excess: 0 }))
        .catch((error) => expect(error).toMatchObject({ code: 'budget.exceeded' }))
    } else if (step.kind === 'settle') {
      const open = calls.filter((call) => (call.paid === null || call.isLost) && !touched.has(call))
      const call = open[step.which % Math.max(1, open.length)]
      if (call === undefined) return
      touched.add(call)
      const cost = Math.floor(Number(call.start.maxCostNanoUsd) * step.share)
      const ledger = ledgerOf(tenants, call.tenant, call.job)
      await ledger.settle(endOf(call.start, cost))
      if (step.twice) await ledger.settle(endOf(call.start, cost + 1))
      Object.assign(call, { excess: Math.max(0, cost - (call.paid ?? cost)), paid: cost, isLost: false })
    } else {
      const job = JOBS[step.job] ?? ''
      const mine = calls.filter((call) => call.tenant === step.tenant && call.job === job && call.paid === null)
      if (mine.some((call) => touched.has(call)) || round.some(({ kind }) => kind === 'reserve')) return
      for (const call of mine) touched.add(call)
      expect(await ledgers.settleLost(tenants[step.tenant] ?? '', job)).toBe(mine.length)
      for (const call of mine) Object.assign(call, lost(call))
    }
  })
}

async function check(tenants: string[], calls: Call[]) {
  const reports = createCostReports({ db, now: () => new Date() })
  const seen = await Promise.all(
    tenants.map(async (tenantId) => {
      const { summary, groups } = await reports.report({ tenantId } as never, {})
      const { spentNanoUsd, reservedNanoUsd } = await reports.budgetOf(tenantId)
      expect(groups.tenant.map((row) => row.costNanoUsd)).toEqual(summary.calls === 0 ? [] : [spentNanoUsd])
      return { calls: summary.calls, spent: summary.costNanoUsd, accounted: spentNanoUsd, reserved: reservedNanoUsd }
    }),
  )
  const expected = tenants.map((_, tenant) => {
    const own = calls.filter((call) => call.tenant === tenant)
    const spent = BigInt(own.reduce((sum, { paid }) => sum + (paid ?? 0), 0))
    const open = own.filter(({ paid }) => paid === null)
    const reserved = open.reduce((sum, { start }) => sum + (start.maxCostNanoUsd ?? 0n), 0n)
    return { calls: own.length - open.length, spent, accounted: spent, reserved }
  })
  expect(seen).toEqual(expected)
  for (const [tenant, { spent, reserved }] of seen.entries()) {
    const excess = calls.reduce((sum, call) => sum + (call.tenant === tenant ? call.excess : 0), 0)
    expect(spent + reserved).toBeLessThanOrEqual(BigInt(BUDGET + excess))
  }
  const [sums] = await queryAsSuperuser(
    home,
    `SELECT (SELECT sum(spent_nano_usd) FROM llm_spending) = sum(spent_nano_usd) AND
       (SELECT coalesce(sum(cost_nano_usd), 0) FROM llm_calls) = sum(spent_nano_usd) AS spent,
       (SELECT sum(reserved_nano_usd) FROM llm_spending) = sum(reserved_nano_usd) AND
       (SELECT coalesce(sum(nano_usd), 0) FROM llm_reservations) = sum(reserved_nano_usd) AS reserved
     FROM llm_spending_total HAVING count(*) > 0`,
  )
  if (sums !== undefined) expect(sums).toEqual({ spent: true, reserved: true })
}

async function makeTenant(name: string): Promise<string> {
  const tenants = createTenants({ db })
  const { id } = await tenants.create(name)
  await tenants.setBudget(name, BigInt(BUDGET))
  return id
}

async function countReservations(tenants: string[]): Promise<number> {
  const rows = await queryAsSuperuser(home, 'SELECT FROM llm_reservations WHERE tenant_id = ANY ($1)', [tenants])
  return rows.length
}

const ledgerOf = (tenants: string[], tenant: number, jobId: string) =>
  ledgers.for({ tenantId: tenants[tenant] ?? '', courseId: null, jobId })

const lost = ({ start }: Call) => ({ paid: start.estimated.output, isLost: true })

const used = (output: number) => ({
  ...{ fresh: 0, cacheRead: 0, cacheWrite: 0, reasoning: 0, milliseconds: 0 },
  output,
})

const startOf = (most: number): CallStart => ({
  ...{ id: newId(), action: 'material_analysis', strategy: 'default', strategyPath: 'default/1', provider: 'gemini' },
  ...{ model: 'flash', promptVersion: 'read@1', attempt: 1, deadlineSeconds: 60, maxCostNanoUsd: BigInt(most) },
  price: { input: 0n, cacheRead: 0n, cacheWrite: 0n, output: 1_000_000n, hour: 0n, source: 'test' },
  estimated: used(Math.floor(most / 3)),
})

const endOf = (call: CallStart, cost: number): CallEnd => ({
  ...call,
  ...{ outcome: 'answered', usage: used(cost), usageSource: 'reported', latencyMs: 1, costNanoUsd: BigInt(cost) },
})
