import { usd } from '#kernel/money.ts'
import type { LedgerCall } from './report.ts'

type Value = string | number | boolean | null

const OUTCOMES =
  '`answered`, `malformed`, `rate_limited`, `server_error`, `timeout`, `network`, `unauthorized`, `rejected`, `refused`, `aborted`, `lost`'

// New ones go to the end: there are programs that count columns.
const COLUMNS: readonly (readonly [name: string, value: (call: LedgerCall) => Value, description?: string])[] = [
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

export const CSV_HEADER = `${COLUMNS.map(([name]) => name).join(',')}\r\n`

/** The columns in words. */
export const CSV_COLUMNS = COLUMNS.map(
  ([name, , description]) => `\`${name}\`${description === undefined ? '' : ` (${description})`}`,
).join(', ')

/** One line of RFC 4180. */
export const csvLine = (call: LedgerCall): string => `${COLUMNS.map(([, value]) => csvCell(value(call))).join(',')}\r\n`

// A spreadsheet takes a cell that begins with one of these for a formula (https://owasp.org/www-community/attacks/CSV_Injection).
const FORMULA = /^[=+\-@\t\r\n＝＋－＠]/

function csvCell(value: Value): string {
  const text = typeof value === 'string' && FORMULA.test(value) ? `'${value}` : String(value ?? '')
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
