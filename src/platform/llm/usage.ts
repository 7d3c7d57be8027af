import type { LanguageModelV4Usage } from '@ai-sdk/provider'
import type { Provider } from './provider.ts'

/** What one attempt used. `input` is `fresh + cacheRead + cacheWrite`, whatever the provider calls its parts; `reasoning` is part of `output`. */
export type Usage = {
  fresh: number
  cacheRead: number
  cacheWrite: number
  output: number
  reasoning: number
  /** Of audio that was transcribed; 0 for text. */
  milliseconds: number
}

export const NO_USAGE: Usage = { fresh: 0, cacheRead: 0, cacheWrite: 0, output: 0, reasoning: 0, milliseconds: 0 }

export const inputOf = ({ fresh, cacheRead, cacheWrite }: Usage): number => fresh + cacheRead + cacheWrite

/**
 * What a provider reports, as whole numbers of tokens that add up. Figures that contradict each other are read in the way that costs more,
 * and `doubt` says what was odd about them; without any input there is a doubt, too, as nothing can be answered to nothing.
 */
export function normalizeUsage(reported: LanguageModelV4Usage, provider: Provider): { usage: Usage; doubt?: string } {
  const doubts: string[] = []
  const count = (name: string, value: number | undefined) => {
    if (value === undefined || value === null) return undefined
    if (Number.isInteger(value) && value >= 0 && value <= MOST_TOKENS) return value
    doubts.push(`${name} is ${value}`)
    return value > 0 ? Math.min(Math.ceil(value), MOST_TOKENS) : undefined
  }
  const raw = (name: string | undefined) => {
    const value = name === undefined ? undefined : reported.raw?.[name]
    return typeof value === 'number' ? count(name ?? '', value) : undefined
  }

  const { inputTokens, outputTokens } = reported
  const cacheRead = count('cacheRead', inputTokens.cacheRead) ?? 0
  const cacheWrite = count('cacheWrite', inputTokens.cacheWrite) ?? 0
  const cached = cacheRead + cacheWrite
  const total = count('input', inputTokens.total)
  const rest = total === undefined ? 0 : total - cached
  // More cached tokens than tokens: then the total must be of the others, as it is with Anthropic's own figures.
  const besideCache = rest < 0 ? (total ?? 0) : rest
  const fresh = Math.max(besideCache, count('noCache', inputTokens.noCache) ?? 0, raw(UNCACHED[provider]) ?? 0)
  if (total !== undefined && fresh + cached !== total)
    doubts.push(`of ${total} input tokens, the parts are ${fresh + cached}`)

  const reasoning = count('reasoning', outputTokens.reasoning) ?? 0
  const answered = count('output', outputTokens.total) ?? 0
  const parts = (count('text', outputTokens.text) ?? 0) + reasoning
  // More reasoning than output: it must have been counted beside it.
  const output = Math.max(reasoning > answered ? answered + reasoning : answered, parts)
  if (outputTokens.total !== undefined && output !== answered)
    doubts.push(`of ${answered} output tokens, the parts are ${output}`)

  // A server that leaves something out of both, such as reasoning, may still have it in the sum. It is billed as the dearer of the two.
  const sum = raw(TOTAL[provider]) ?? 0
  const unexplained = Math.max(0, sum - fresh - cached - output)
  if (unexplained > 0) doubts.push(`of ${sum} tokens in all, ${unexplained} are in no part`)

  if (fresh + cached === 0) doubts.push('no input is reported')
  const usage = { ...NO_USAGE, fresh, cacheRead, cacheWrite, output: output + unexplained, reasoning }
  return doubts.length === 0 ? { usage } : { usage, doubt: doubts.join('; ') }
}

/**
 * The usage of sound that lasts so long: the dearer of ours, in whole seconds as OpenAI bills it
 * (https://developers.openai.com/api/docs/api-reference/audio/verbose-json-object, usage), and theirs. `doubt` says when the two differ by
 * more than a rounding.
 */
export function soundUsage(
  milliseconds: number,
  reportedSeconds: number | undefined,
): { usage: Usage; usageSource: 'reported' | 'estimated'; doubt?: string } {
  const ours = Math.ceil(milliseconds / 1000) * 1000
  if (reportedSeconds === undefined) return { usage: { ...NO_USAGE, milliseconds: ours }, usageSource: 'estimated' }
  const theirs = Math.min(Math.ceil(reportedSeconds * 1000), MOST_TOKENS)
  const usage = { ...NO_USAGE, milliseconds: Math.max(ours, theirs) }
  if (Math.abs(theirs - milliseconds) <= ROUNDING_MS) return { usage, usageSource: 'reported' }
  return { usage, usageSource: 'reported', doubt: `of ${milliseconds} ms of sound, ${theirs} are reported` }
}

const ROUNDING_MS = 1_500

/** Far more than any model takes; a larger figure is a mistake. */
export const MOST_TOKENS = 1_000_000_000

/** Where a provider's own answer has the sum of all tokens. */
const TOTAL: Partial<Record<Provider, string>> = {
  openai: 'total_tokens',
  deepseek: 'total_tokens',
  compatible: 'total_tokens',
  gemini: 'totalTokenCount',
}

/** And where the input that came from no cache, if it is told beside the whole input. */
const UNCACHED: Partial<Record<Provider, string>> = { deepseek: 'prompt_cache_miss_tokens' }
