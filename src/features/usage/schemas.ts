import { Type } from 'typebox'
import { Input, Nullable, type StaticOf, Timestamp } from '#platform/http/index.ts'
import { usd } from './money.ts'
import type { Budget, CostReport, GroupSums, LedgerCall } from './report.ts'

const Usd = Type.String({ description: 'A decimal string of USD, exact.', examples: ['1.25'] })

const CostRow = Type.Object(
  {
    group: Nullable(Type.String()),
    calls: Type.Integer(),
    cost_usd: Usd,
    tokens_in: Type.Integer(),
    tokens_out: Type.Integer(),
    avg_latency_ms: Type.Number(),
  },
  { title: 'CostRow' },
)

export const CostReportBody = Type.Object(
  {
    from: Timestamp,
    to: Timestamp,
    summary: Type.Object({
      total_calls: Type.Integer(),
      successful_calls: Type.Integer(),
      failed_calls: Type.Integer(),
      total_cost_usd: Usd,
      total_tokens_in: Type.Integer(),
      total_tokens_out: Type.Integer(),
      avg_latency_ms: Type.Number(),
    }),
    by_action: Type.Array(CostRow),
    by_provider: Type.Array(CostRow),
    by_model: Type.Array(CostRow),
    by_course: Type.Array(CostRow),
    by_day: Type.Array(CostRow),
    budget: Type.Object({ limit_usd: Nullable(Usd), spent_usd: Usd, reserved_usd: Usd }),
  },
  { title: 'CostReport' },
)

const Moment = Type.Unsafe<string>({
  type: 'string',
  anyOf: [{ format: 'date-time' }, { format: 'date' }],
  description: 'RFC 3339; a bare date is its first moment, UTC.',
  examples: ['2026-09-01T00:00:00Z'],
})

export const ReportPeriod = Input({ from: Type.Optional(Moment), to: Type.Optional(Moment) })

export const periodFrom = ({ from, to }: StaticOf<typeof ReportPeriod>) => ({
  ...(from === undefined ? {} : { from: new Date(from) }),
  ...(to === undefined ? {} : { to: new Date(to) }),
})

export const presentBudget = ({ limitNanoUsd, spentNanoUsd, reservedNanoUsd }: Budget) => ({
  limit_usd: limitNanoUsd === null ? null : usd(limitNanoUsd),
  spent_usd: usd(spentNanoUsd),
  reserved_usd: usd(reservedNanoUsd),
})

export function presentReport(report: CostReport, budget: Budget): StaticOf<typeof CostReportBody> {
  const { summary, groups } = report
  return {
    from: report.from.toISOString(),
    to: report.to.toISOString(),
    summary: {
      total_calls: summary.calls,
      successful_calls: summary.succeeded,
      failed_calls: summary.calls - summary.succeeded,
      total_cost_usd: usd(summary.costNanoUsd),
      total_tokens_in: summary.tokensIn,
      total_tokens_out: summary.tokensOut,
      avg_latency_ms: summary.avgLatencyMs,
    },
    by_action: groups.action.map(presentRow),
    by_provider: groups.provider.map(presentRow),
    by_model: groups.model.map(presentRow),
    by_course: groups.course.map(presentRow),
    by_day: groups.day.map(presentRow),
    budget: presentBudget(budget),
  }
}

const presentRow = ({ group, calls, costNanoUsd, tokensIn, tokensOut, avgLatencyMs }: GroupSums) => ({
  group,
  calls,
  cost_usd: usd(costNanoUsd),
  tokens_in: tokensIn,
  tokens_out: tokensOut,
  avg_latency_ms: avgLatencyMs,
})

export const CSV_HEADER =
  'id,created_at,action,provider,model,course_id,job_id,succeeded,tokens_in,tokens_out,cost_usd,latency_ms\r\n'

/** One line of RFC 4180. */
export function csvLine(call: LedgerCall): string {
  const {
    id,
    createdAt,
    action,
    provider,
    model,
    courseId,
    jobId,
    succeeded,
    tokensIn,
    tokensOut,
    costNanoUsd,
    latencyMs,
  } = call
  const cost = costNanoUsd === null ? '' : usd(costNanoUsd)
  const cells = [
    id,
    createdAt.toISOString(),
    action,
    provider,
    model,
    courseId,
    jobId,
    succeeded,
    tokensIn,
    tokensOut,
    cost,
    latencyMs,
  ]
  return `${cells.map(csvCell).join(',')}\r\n`
}

// A spreadsheet takes a cell that begins with one of these for a formula (https://owasp.org/www-community/attacks/CSV_Injection).
const FORMULA = /^[=+\-@\t\r\n＝＋－＠]/

function csvCell(value: string | number | boolean | null): string {
  const text = typeof value === 'string' && FORMULA.test(value) ? `'${value}` : String(value ?? '')
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
