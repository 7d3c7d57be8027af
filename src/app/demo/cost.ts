import { nanoUsd } from '#platform/llm/index.ts'
import { amounts, bar, fitted, grid, grouped } from '../cli/bars.ts'

type CostGroup = { group: string | null; calls: number; cost_usd: string; tokens_in: number; tokens_out: number }

export type DemoCost = {
  summary: { total_calls: number; total_cost_usd: string; total_tokens_in: number; total_tokens_out: number }
  by_action: CostGroup[]
  by_model: CostGroup[]
}

export type DemoEstimate = {
  strategy: string
  engine: string
  models: { model: string }[]
  calls: number
  tokens_in: number
  tokens_out: number
  /** Null when a price is not known. */
  cost_usd: string | null
}

const NAME = 24
const BAR = 24

const COLUMNS = ['CALLS', 'TOKENS IN', 'TOKENS OUT', 'USD'] as const

/** What calls of models cost, a line each action and model, with a bar for its share. */
export function drawCost({ summary, by_action, by_model }: DemoCost): string {
  const { total_calls: calls, total_cost_usd: cost_usd, total_tokens_in, total_tokens_out } = summary
  const total = { group: 'in all', calls, cost_usd, tokens_in: total_tokens_in, tokens_out: total_tokens_out }
  const groups = [...by_action, ...by_model, total]
  const costs = groups.map((group) => nanoUsd(group.cost_usd) ?? 0n)
  const { texts } = amounts(costs)
  const rows = groups.map((row, at) => [
    fitted(row.group ?? '–', NAME),
    ...[row.calls, row.tokens_in, row.tokens_out].map(grouped),
    texts[at] ?? '',
    row === total ? '' : bar(costs[at] ?? 0n, costs.at(-1) ?? 0n, BAR),
  ])
  return table([['ACTION', ...COLUMNS], ...rows.slice(0, by_action.length), ['MODEL'], ...rows.slice(by_action.length)])
}

/** What each strategy would cost, a line each. */
export function drawEstimate(strategies: readonly DemoEstimate[]): string {
  const { texts } = amounts(strategies.map(({ cost_usd }) => nanoUsd(cost_usd ?? '') ?? 0n))
  const rows = strategies.map(({ strategy, models, calls, tokens_in, tokens_out, cost_usd }, at) => [
    strategy,
    grouped(calls),
    ...[tokens_in, tokens_out].map((tokens) => `≈${grouped(tokens)}`),
    cost_usd === null ? 'unknown' : `≈${texts[at]}`,
    fitted([...new Set(models.map(({ model }) => model))].join(', '), BAR),
  ])
  return table([['STRATEGY', ...COLUMNS], ...rows])
}

function table(rows: readonly (readonly string[])[]): string {
  return grid(rows, ['left', 'right', 'right', 'right', 'right', 'left'])
    .map((line) => `  ${line}`)
    .join('\n')
}
