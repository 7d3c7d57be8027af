import { usd } from '#kernel/money.ts'
import type { LedgerCall } from './report.ts'

type Value = string | number | boolean | null

// New ones go to the end: there are programs that count columns.
const COLUMNS: readonly (readonly [name: string, value: (call: LedgerCall) => Value])[] = [
  ['id', ({ id }) => id],
  ['created_at', ({ createdAt }) => createdAt.toISOString()],
  ['action', ({ action }) => action],
  ['provider', ({ provider }) => provider],
  ['model', ({ model }) => model],
  ['course_id', ({ courseId }) => courseId],
  ['job_id', ({ jobId }) => jobId],
  ['succeeded', ({ succeeded }) => succeeded],
  ['tokens_in', ({ tokensIn }) => tokensIn],
  ['tokens_out', ({ tokensOut }) => tokensOut],
  ['cost_usd', ({ costNanoUsd }) => (costNanoUsd === null ? null : usd(costNanoUsd))],
  ['latency_ms', ({ latencyMs }) => latencyMs],
  ['strategy_path', ({ strategyPath }) => strategyPath],
  ['prompt_version', ({ promptVersion }) => promptVersion],
  ['attempt', ({ attempt }) => attempt],
  ['outcome', ({ outcome }) => outcome],
  ['tokens_fresh', ({ tokensFresh }) => tokensFresh],
  ['tokens_cache_read', ({ tokensCacheRead }) => tokensCacheRead],
  ['tokens_cache_write', ({ tokensCacheWrite }) => tokensCacheWrite],
  ['tokens_reasoning', ({ tokensReasoning }) => tokensReasoning],
  ['usage_source', ({ usageSource }) => usageSource],
  ['unpriced', ({ costNanoUsd }) => costNanoUsd === null],
]

export const CSV_HEADER = `${COLUMNS.map(([name]) => name).join(',')}\r\n`

/** One line of RFC 4180. */
export const csvLine = (call: LedgerCall): string => `${COLUMNS.map(([, value]) => csvCell(value(call))).join(',')}\r\n`

// A spreadsheet takes a cell that begins with one of these for a formula (https://owasp.org/www-community/attacks/CSV_Injection).
const FORMULA = /^[=+\-@\t\r\n＝＋－＠]/

function csvCell(value: Value): string {
  const text = typeof value === 'string' && FORMULA.test(value) ? `'${value}` : String(value ?? '')
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
