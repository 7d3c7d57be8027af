import { type CsvValue, csvLine as lineOf } from '#kernel/csv.ts'
import { usd } from '#kernel/money.ts'
import type { LedgerCall } from './report.ts'

const OUTCOMES =
  '`answered`, `malformed`, `rate_limited`, `server_error`, `timeout`, `network`, `unauthorized`, `rejected`, `refused`, `aborted`, `lost`'

// New ones go to the end: there are programs that count columns.
const COLUMNS: readonly (readonly [name: string, value: (call: LedgerCall) => CsvValue, description?: string])[] = [
  ['id', ({ id }) => id],
  ['created_at', ({ createdAt }) => createdAt.toISOString()],
  ['action', ({ action }) => action],
  ['provider', ({ provider }) => provider],
  ['model', ({ model }) => model],
  ['course_id', ({ courseId }) => courseId],
  ['job_id', ({ jobId }) => jobId, 'of the job that has asked'],
  ['succeeded', ({ succeeded }) => succeeded],
  [
    'tokens_in',
    ({ tokensIn }) => tokensIn,
    'all of the input: `tokens_fresh`, `tokens_cache_read` and `tokens_cache_write`',
  ],
  ['tokens_out', ({ tokensOut }) => tokensOut, 'all of the output, `tokens_reasoning` included'],
  [
    'cost_usd',
    ({ costNanoUsd }) => (costNanoUsd === null ? null : usd(costNanoUsd)),
    'exact; empty where the price is unknown',
  ],
  ['latency_ms', ({ latencyMs }) => latencyMs],
  ['strategy_path', ({ strategyPath }) => strategyPath, '`quality/2` is the second model of the chain `quality`'],
  ['prompt_version', ({ promptVersion }) => promptVersion, '`name@version`'],
  ['attempt', ({ attempt }) => attempt, 'from 1 within one question'],
  ['outcome', ({ outcome }) => outcome, `one of ${OUTCOMES}`],
  ['tokens_fresh', ({ tokensFresh }) => tokensFresh],
  ['tokens_cache_read', ({ tokensCacheRead }) => tokensCacheRead],
  ['tokens_cache_write', ({ tokensCacheWrite }) => tokensCacheWrite],
  ['tokens_reasoning', ({ tokensReasoning }) => tokensReasoning],
  [
    'usage_source',
    ({ usageSource }) => usageSource,
    '`reported` by the provider, `estimated`, or `none` where nothing was used',
  ],
  ['unpriced', ({ costNanoUsd }) => costNanoUsd === null, 'whether the price is unknown'],
]

export const CSV_HEADER = lineOf(COLUMNS.map(([name]) => name))

/** The columns in words. */
export const CSV_COLUMNS = COLUMNS.map(
  ([name, , description]) => `\`${name}\`${description === undefined ? '' : ` (${description})`}`,
).join(', ')

export const csvLine = (call: LedgerCall): string => lineOf(COLUMNS.map(([, value]) => value(call)))
