import { expect, test } from 'vitest'
import { costText } from './cost-text.ts'

const row = (group: string | null, calls: number, costNanoUsd: bigint, unpriced = 0) => ({
  ...{ group, calls, succeeded: calls, unpriced, costNanoUsd, tokensIn: calls * 1_000, tokensOut: calls * 10 },
  avgLatencyMs: 1,
})
const budget = (limitNanoUsd: bigint | null, spentNanoUsd: bigint, reservedNanoUsd = 0n) => ({
  ...{ limitNanoUsd, spentNanoUsd, reservedNanoUsd },
})

const COURSE = '0197f0c4-5d2e-7cc1-9d39-3a1f6a3c9e10'
const USD = 1_000_000_000n
const REPORT = {
  ...{ from: new Date('2026-11-01'), to: new Date('2026-12-01') },
  summary: { ...row(null, 1_204, 12n * USD, 3), succeeded: 1_200, estimatedNanoUsd: USD / 4n },
  groups: {
    action: [row('course_structuring', 1_204, 12n * USD, 3)],
    provider: [row('anthropic', 1_201, 12n * USD), row('compatible', 3, 0n, 3)],
    model: [row('claude', 1_201, 12n * USD), row('gemma', 3, 0n, 3)],
    course: [row(COURSE, 1_000, 9n * USD), row(null, 204, 3n * USD, 3)],
    day: [row('2026-11-02', 1_000, 9n * USD), row('2026-11-04', 204, 3n * USD, 3)],
    tenant: [row('a', 1_000, 9n * USD), row('b', 204, 3n * USD, 3)],
  },
}
const TENANTS = new Map([['a', { name: 'Академія «Їжак»', budget: budget(10n * USD, 9n * USD) }]])
const ABOUT = { report: REPORT, month: '2026-11', courses: new Map([[COURSE, 'Основи']]), columns: 84 }

test('all tenants at a glance', () => {
  const text = costText({
    ...ABOUT,
    tenants: TENANTS,
    budget: { title: 'The limit of all', ...budget(48n * USD, 12n * USD, 5n) },
  })
  expect(`\n${text}\n`).toBe(`
From 2026-11-01 to 2026-12-01 (exclusive): 1,204 calls, 12 USD. 4 calls failed.
Of that, 0.25 USD is estimated, as providers have not said what was used.
Of unknown price, marked ?, and so in no sum: 3 calls.
The limit of all for 2026-11: 12 of 48 USD spent and 0.000000005 set aside  █████░░░░░░░░░░░░░░░ 25 %

TENANT              USD  CALLS  BUDGET 2026-11
Академія «Їжак»  9.0000  1,000          10 USD  ██████████████████░░ 90 %
deleted: b       3.0000    204               –                             + 3 ?

DAY                                      USD         CALLS  TOKENS IN     OUT
2026-11-02          ███████████████   9.0000   75 %  1,000  1,000,000  10,000
2026-11-03                                               ·
2026-11-04          █████             3.0000   25 %    204    204,000   2,040  + 3 ?

ACTION                                   USD         CALLS  TOKENS IN     OUT
course_structuring  ███████████████  12.0000  100 %  1,204  1,204,000  12,040  + 3 ?

PROVIDER                                 USD         CALLS  TOKENS IN     OUT
anthropic           ███████████████  12.0000  100 %  1,201  1,201,000  12,010
compatible                                 ?             3      3,000      30

MODEL                                    USD         CALLS  TOKENS IN     OUT
claude              ███████████████  12.0000  100 %  1,201  1,201,000  12,010
gemma                                      ?             3      3,000      30

COURSE                                   USD         CALLS  TOKENS IN     OUT
Основи              ███████████▎      9.0000   75 %  1,000  1,000,000  10,000
no course           ███▊              3.0000   25 %    204    204,000   2,040  + 3 ?
`)
})

test('no line is wider than the terminal, nor than a hundred', () => {
  for (const columns of [80, 90, 100, 300]) {
    const text = costText({ ...ABOUT, columns, budget: { title: 'Budget', ...budget(null, 0n) } })
    const widest = Math.max(
      ...text
        .split('\n')
        .slice(3)
        .map((line) => [...line].length),
    )
    expect([columns, widest <= Math.min(100, columns)]).toEqual([columns, true])
  }
})

test('more than two months are told by the month', () => {
  const day = [row('2026-01-01', 1, USD), row('2026-03-05', 1, USD), row('2026-03-06', 1, USD)]
  const text = costText({
    ...{ ...ABOUT, report: { ...REPORT, groups: { ...REPORT.groups, day } } },
    budget: { title: 'Budget', ...budget(null, 0n) },
  })
  expect(text).toMatch(/^MONTH .+\n2026-01 +█+▌ +1\.0000 .+\n2026-03 +█+ +2\.0000 +67 % +2 +2,000 +20\n\n/m)
})
