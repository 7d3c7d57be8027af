import type { Budget, CostReport, GroupSums } from '#features/usage/index.ts'
import { usd } from '#kernel/money.ts'
import { amounts, bar, fitted, gauge, grid, grouped, percent } from './bars.ts'

export type CostText = {
  report: CostReport
  /** What the budgets' month is called: `2026-11`. */
  month: string
  /** Of the one tenant that is asked about, or the installation's own. */
  budget: Budget & { title: string }
  /** When all are asked about: the tenants that there are. */
  tenants?: ReadonlyMap<string, { name: string; budget: Budget }>
  /** Titles of courses by their ids. */
  courses: ReadonlyMap<string, string>
  /** Characters on a line of the terminal. */
  columns: number
}

const GAUGE = 20

/** A cost report as text of at most 100 columns: what it comes to, budgets, then a chart for every way to group it. */
export function costText({ report, month, budget, tenants, courses, columns }: CostText): string {
  const { from, to, summary, groups } = report
  const width = Math.max(60, Math.min(100, columns))
  const [first, end] = [from, to].map((day) => day.toISOString().slice(0, 10))
  const head = `From ${first} to ${end} (exclusive): ${calls(summary.calls)}, ${usd(summary.costNanoUsd)} USD.`
  const failed = summary.calls - summary.succeeded
  const lines = [
    failed === 0 ? head : `${head} ${calls(failed)} failed.`,
    ...(summary.estimatedNanoUsd === 0n ? [] : [estimatedLine(summary.estimatedNanoUsd)]),
    ...(summary.unpriced === 0 ? [] : [`Of unknown price, marked ?, and so in no sum: ${calls(summary.unpriced)}.`]),
    budgetLine(budget, month),
  ]
  if (summary.calls === 0) return lines.join('\n')
  const name = width < 90 ? 24 : 34
  const courseRows = groups.course.map((row) => ({ ...row, group: courseName(row.group, courses) }))
  const charts: Chart[] = [
    { title: dayTitle(groups.day), rows: days(groups.day), isSeries: true },
    { title: 'ACTION', rows: groups.action },
    { title: 'PROVIDER', rows: groups.provider },
    { title: 'MODEL', rows: groups.model },
    { title: 'COURSE', rows: courseRows },
  ]
  return [
    lines.join('\n'),
    ...(tenants === undefined ? [] : [tenantTable(groups.tenant, tenants, month, name)]),
    drawn(charts, width, name),
    ...(charts.every(({ rows }) => shownAmounts(rows).isExact) ? [] : ['Amounts are rounded; --json has them whole.']),
  ].join('\n\n')
}

const estimatedLine = (nano: bigint) =>
  `Of that, ${usd(nano)} USD is estimated, as providers have not said what was used.`

function budgetLine(
  { title, limitNanoUsd: limit, spentNanoUsd: spent, reservedNanoUsd: reserved }: CostText['budget'],
  month: string,
) {
  const held = reserved === 0n ? '' : ` and ${usd(reserved)} set aside`
  if (limit === null) return `${title} for ${month}: none; ${usd(spent)} USD spent${held}.`
  return `${title} for ${month}: ${usd(spent)} of ${usd(limit)} USD spent${held}  ${gauge(spent, limit, GAUGE)} ${percent(spent, limit)}`
}

function tenantTable(
  rows: GroupSums[],
  tenants: NonNullable<CostText['tenants']>,
  month: string,
  width: number,
): string {
  const { texts } = shownAmounts(rows)
  const head = ['TENANT', 'USD', 'CALLS', `BUDGET ${month}`, '', '']
  const body = rows.map((row, index) => {
    const known = tenants.get(row.group ?? '')
    // Of a deleted one the id is all that is left, and its end tells it from others.
    const name = known === undefined ? `deleted: ${row.group}` : fitted(known.name, width)
    return [name, texts[index] ?? '', grouped(row.calls), ...usedOf(known?.budget), note(row)]
  })
  return grid([head, ...body], ['left', 'right', 'right', 'right', 'left', 'left']).join('\n')
}

function usedOf(budget: Budget | undefined): [string, string] {
  if (budget === undefined) return ['–', '']
  const { limitNanoUsd: limit, spentNanoUsd: spent } = budget
  if (limit === null) return ['none', '']
  return [`${usd(limit)} USD`, `${gauge(spent, limit, GAUGE)} ${percent(spent, limit)}`]
}

/** A series shows its course in time: its bars are as long as their share of the dearest; others, of all. */
type Chart = { title: string; rows: readonly GroupSums[]; isSeries?: boolean }

const ALIGNS = ['left', 'left', 'right', 'right', 'right', 'right', 'right', 'left'] as const

/** Groups with a bar each; the columns of all charts stand one below another. */
function drawn(charts: readonly Chart[], width: number, name: number): string {
  const cells = (barWidth: number) =>
    charts.flatMap((chart, index) => [...(index === 0 ? [] : [[]]), ...chartCells(chart, barWidth, name)])
  const rest = Math.max(...grid(cells(0), ALIGNS).map((line) => [...line].length))
  return grid(cells(Math.max(6, Math.min(40, width - rest))), ALIGNS).join('\n')
}

function chartCells({ title, rows, isSeries = false }: Chart, barWidth: number, name: number): string[][] {
  const { texts } = shownAmounts(rows)
  const all = rows.reduce((sum, row) => sum + row.costNanoUsd, 0n)
  const most = isSeries ? rows.reduce((most, row) => (row.costNanoUsd > most ? row.costNanoUsd : most), 0n) : all
  return [
    [title, ' '.repeat(barWidth), 'USD', '', 'CALLS', 'TOKENS IN', 'OUT', ''],
    ...rows.map((row, index) => {
      const [group, drawnBar] = [fitted(row.group ?? '–', name), bar(row.costNanoUsd, most, barWidth)]
      if (row.calls === 0) return [group, '', '', '', '·', '', '', '']
      const share = all === 0n || row.unpriced === row.calls ? '' : percent(row.costNanoUsd, all)
      const counts = [row.calls, row.tokensIn, row.tokensOut].map(grouped)
      return [group, drawnBar, texts[index] ?? '', share, ...counts, note(row)]
    }),
  ]
}

/** What is not known at all is `?`, never a zero. */
function shownAmounts(rows: readonly GroupSums[]) {
  const { texts, isExact } = amounts(rows.map((row) => row.costNanoUsd))
  const isUnknown = ({ calls, unpriced }: GroupSums) => calls > 0 && calls === unpriced
  return { texts: rows.map((row, index) => (isUnknown(row) ? '?' : (texts[index] ?? ''))), isExact }
}

const note = ({ calls, unpriced }: GroupSums) =>
  unpriced === 0 || unpriced === calls ? '' : `+ ${grouped(unpriced)} ?`

const calls = (count: number) => `${grouped(count)} call${count === 1 ? '' : 's'}`

const courseName = (id: string | null, titles: CostText['courses']) =>
  id === null ? 'no course' : (titles.get(id) ?? `deleted: ${id}`)

const MOST_DAYS = 62
const DAY_MS = 86_400_000

const spanOf = (rows: readonly GroupSums[]) => {
  const moments = rows.map((row) => Date.parse(row.group ?? ''))
  const [first, last] = [Math.min(...moments), Math.max(...moments)]
  return { first, days: (last - first) / DAY_MS + 1 }
}

const dayTitle = (rows: readonly GroupSums[]) => (spanOf(rows).days > MOST_DAYS ? 'MONTH' : 'DAY')

/** Every day from the first to the last with calls; of more than two months, the months. */
function days(rows: readonly GroupSums[]): GroupSums[] {
  const { first, days } = spanOf(rows)
  if (days > MOST_DAYS) return [...Map.groupBy(rows, ({ group }) => (group ?? '').slice(0, 7))].map(merged)
  const known = new Map(rows.map((row) => [row.group, row]))
  return Array.from({ length: days }, (_, index) => {
    const group = new Date(first + index * DAY_MS).toISOString().slice(0, 10)
    return known.get(group) ?? { ...NOTHING, group }
  })
}

const NOTHING = { calls: 0, succeeded: 0, unpriced: 0, costNanoUsd: 0n, tokensIn: 0, tokensOut: 0, avgLatencyMs: 0 }

function merged([group, rows]: [string, GroupSums[]]): GroupSums {
  const all = { ...NOTHING, group }
  for (const row of rows) {
    all.calls += row.calls
    all.unpriced += row.unpriced
    all.costNanoUsd += row.costNanoUsd
    all.tokensIn += row.tokensIn
    all.tokensOut += row.tokensOut
  }
  return all
}
