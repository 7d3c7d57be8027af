import { Type } from 'typebox'
import { usd } from '#kernel/money.ts'
import { Id, Input, Nullable, type StaticOf, Timestamp } from '#platform/http/index.ts'
import type { Budget, CostReport, GroupSums, ReportOrder } from './report.ts'

const Usd = Type.String({ description: 'A decimal string of USD, exact.', examples: ['1.25'] })

const UNPRICED = {
  unpriced: Type.Boolean({
    description: 'Whether the price of some of the calls is unknown: what they cost is missing here.',
  }),
  unpriced_calls: Type.Integer(),
}

const CostRow = Type.Object(
  {
    group: Nullable(Type.String()),
    calls: Type.Integer(),
    cost_usd: Usd,
    tokens_in: Type.Integer(),
    tokens_out: Type.Integer(),
    avg_latency_ms: Type.Number(),
    ...UNPRICED,
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
      estimated_cost_usd: Type.String({
        description:
          'The part of `total_cost_usd` that is estimated, with the dearer reading: the provider has not said what was used, as when an answer broke off.',
        examples: ['0.04'],
      }),
      total_tokens_in: Type.Integer(),
      total_tokens_out: Type.Integer(),
      avg_latency_ms: Type.Number(),
      ...UNPRICED,
    }),
    by_action: Type.Array(CostRow),
    by_provider: Type.Array(CostRow),
    by_model: Type.Array(CostRow),
    by_course: Type.Array(CostRow),
    by_day: Type.Array(CostRow),
    budget: Type.Object(
      { limit_usd: Nullable(Usd), spent_usd: Usd, reserved_usd: Usd },
      {
        description:
          'Of the running UTC month, whatever the period and the filters. `reserved_usd` is set aside for calls under way; a `limit_usd` of null is none.',
      },
    ),
  },
  { title: 'CostReport' },
)

const Moment = Type.Unsafe<string>({
  type: 'string',
  anyOf: [{ format: 'date-time' }, { format: 'date' }],
  description: 'RFC 3339; a bare date is its first moment, UTC.',
  examples: ['2026-09-01T00:00:00Z'],
})

const NAME = { minLength: 1, maxLength: 200 }

export const ReportQuery = Input({
  from: Type.Optional(Moment),
  to: Type.Optional(Moment),
  course_id: Type.Optional(Id),
  job_id: Type.Optional(Id),
  action: Type.Optional(Type.String({ ...NAME, examples: ['course_structuring'] })),
  provider: Type.Optional(Type.String({ ...NAME, examples: ['gemini'] })),
  model: Type.Optional(Type.String({ ...NAME, examples: ['gemini-3.8-flash'] })),
})

export const orderFrom = ({
  from,
  to,
  course_id: courseId,
  job_id: jobId,
  ...named
}: StaticOf<typeof ReportQuery>): ReportOrder => ({
  ...named,
  ...(courseId === undefined ? {} : { courseId }),
  ...(jobId === undefined ? {} : { jobId }),
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
      estimated_cost_usd: usd(summary.estimatedNanoUsd),
      total_tokens_in: summary.tokensIn,
      total_tokens_out: summary.tokensOut,
      avg_latency_ms: summary.avgLatencyMs,
      ...unpricedOf(summary),
    },
    by_action: groups.action.map(presentRow),
    by_provider: groups.provider.map(presentRow),
    by_model: groups.model.map(presentRow),
    by_course: groups.course.map(presentRow),
    by_day: groups.day.map(presentRow),
    budget: presentBudget(budget),
  }
}

export const presentRow = (row: GroupSums): StaticOf<typeof CostRow> => ({
  group: row.group,
  calls: row.calls,
  cost_usd: usd(row.costNanoUsd),
  tokens_in: row.tokensIn,
  tokens_out: row.tokensOut,
  avg_latency_ms: row.avgLatencyMs,
  ...unpricedOf(row),
})

const unpricedOf = ({ unpriced }: Pick<GroupSums, 'unpriced'>) => ({
  unpriced: unpriced > 0,
  unpriced_calls: unpriced,
})
