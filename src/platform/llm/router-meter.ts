import type { LanguageModelV4Usage } from '@ai-sdk/provider'
import type { CallEnd } from './ledger.ts'
import type { Provider } from './registry.ts'
import { estimateTokens } from './tokens.ts'
import { inputOf, NO_USAGE, normalizeUsage, type Usage } from './usage.ts'

type Spent = Pick<CallEnd, 'usage' | 'usageSource'> & { doubt?: string }

export type Meter = {
  /** A piece of the answer or of the thoughts that were shown. */
  received(delta: string): void
  /** An event as the provider sent it, which may already tell what is being used. */
  event(raw: unknown): void
  /** The provider's last word. */
  reported(usage: LanguageModelV4Usage): void
  hasBegun(): boolean
  /** What has been used. Without a last word it is what was told before, or else estimated. */
  spent(): Spent
}

/** Counts what one attempt uses, so that it is known as well as can be wherever it breaks off. */
export function createMeter(provider: Provider, estimated: Usage, maxOutputTokens: number): Meter {
  let text = ''
  let pieces = 0
  let partial: Partial<Usage> | undefined
  let final: LanguageModelV4Usage | undefined

  function estimate(): Spent {
    const told = { ...NO_USAGE, ...partial }
    const input = inputOf(told) > 0 ? told : { ...NO_USAGE, fresh: inputOf(estimated) }
    // Each piece is a token at least.
    const received = Math.min(maxOutputTokens, Math.max(pieces, estimateTokens(text)))
    const output = Math.max(received, told.output, told.reasoning)
    return { usage: { ...input, output, reasoning: told.reasoning }, usageSource: 'estimated' }
  }

  return {
    received(delta) {
      if (delta === '') return
      pieces += 1
      text += delta
    },
    event(raw) {
      const told = toldBy(raw)
      if (told !== undefined) partial = { ...partial, ...told }
    },
    reported(usage) {
      final = usage
    },
    hasBegun: () => pieces > 0 || partial !== undefined,
    spent() {
      if (final?.inputTokens.total === undefined) return estimate()
      const { usage, doubt } = normalizeUsage(final, provider)
      // Some servers send zeros for what they have not counted.
      if (inputOf(usage) === 0) return { ...estimate(), ...(doubt !== undefined && { doubt }) }
      return { usage, usageSource: 'reported', ...(doubt !== undefined && { doubt }) }
    },
  }
}

type Json = Record<string, unknown>

/** Anthropic tells the input when a message starts, Gemini both sides with every piece. */
function toldBy(raw: unknown): Partial<Usage> | undefined {
  const { message, usage, usageMetadata } = object(raw)
  const anthropic = object(object(message)['usage'] ?? usage)
  if (typeof anthropic['input_tokens'] === 'number' || typeof anthropic['output_tokens'] === 'number') {
    return {
      ...counted('fresh', anthropic['input_tokens']),
      ...counted('cacheRead', anthropic['cache_read_input_tokens']),
      ...counted('cacheWrite', anthropic['cache_creation_input_tokens']),
      ...counted('output', anthropic['output_tokens']),
    }
  }
  const gemini = object(usageMetadata)
  if (typeof gemini['promptTokenCount'] !== 'number') return undefined
  const cacheRead = number(gemini['cachedContentTokenCount'])
  const reasoning = number(gemini['thoughtsTokenCount'])
  return {
    fresh: Math.max(0, number(gemini['promptTokenCount']) - cacheRead),
    cacheRead,
    output: number(gemini['candidatesTokenCount']) + reasoning,
    reasoning,
  }
}

const object = (value: unknown): Json => (typeof value === 'object' && value !== null ? (value as Json) : {})

const number = (value: unknown): number => (Number.isInteger(value) && (value as number) >= 0 ? (value as number) : 0)

const counted = (name: keyof Usage, value: unknown): Partial<Usage> =>
  value === undefined || value === null ? {} : { [name]: number(value) }
