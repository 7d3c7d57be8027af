import type { LanguageModelV4Usage } from '@ai-sdk/provider'
import type { CallEnd } from '../ledger.ts'
import type { Provider } from '../registry.ts'
import { estimateTokens } from '../tokens.ts'
import { inputOf, MOST_TOKENS, NO_USAGE, normalizeUsage, type Usage } from '../usage.ts'

/** What an attempt used, and who says so. */
export type Spent = Pick<CallEnd, 'usage' | 'usageSource'> & {
  doubt?: string
  /** What is told cannot be: it was more than the request could use, and only as much is taken for used. */
  isBeyond?: true
}

/** What the request can use at most, and a clock. */
type Bounds = { maxOutputTokens: number; inputBound: number; now: () => Date }

export type Meter = {
  /** The request leaves now. */
  sent(): void
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
export function createMeter(provider: Provider, estimated: Usage, { maxOutputTokens, inputBound, now }: Bounds): Meter {
  let text = ''
  let pieces = 0
  let sentAt: Date | undefined
  let firstAt: Date | undefined
  let partial: Partial<Usage> | undefined
  let final: LanguageModelV4Usage | undefined

  function estimate(): Spent {
    const told = { ...NO_USAGE, ...partial }
    const input = inputOf(told) > 0 ? told : { ...NO_USAGE, fresh: inputOf(estimated) }
    const output = Math.max(Math.min(maxOutputTokens, received() + hidden()), told.output, told.reasoning)
    return { usage: { ...input, output, reasoning: told.reasoning }, usageSource: 'estimated' }
  }

  // Each piece is a token at least.
  const received = () => Math.max(pieces, estimateTokens(text))

  /** Thoughts that are not shown, which all models may have before they answer. */
  function hidden(): number {
    // Gemini counts them as they come.
    if (sentAt === undefined || (provider === 'gemini' && partial !== undefined)) return 0
    const ms = (firstAt ?? now()).getTime() - sentAt.getTime()
    return Math.ceil((Math.max(0, ms) / 1000) * TOKENS_PER_SECOND)
  }

  /** No more than was set aside for, whatever is told. */
  function bounded({ usage, ...spent }: Spent): Spent {
    const isBeyond = usage.output > maxOutputTokens + OUTPUT_MARGIN || inputOf(usage) > inputBound
    if (!isBeyond) return { usage, ...spent }
    const output = Math.min(usage.output, maxOutputTokens)
    const { fresh, cacheRead, cacheWrite } = inputOf(usage) > inputBound ? { ...NO_USAGE, fresh: inputBound } : usage
    const told = `${inputOf(usage)} tokens in, ${usage.output} out`
    const possible = `more than the ${inputBound} and ${maxOutputTokens} that are possible`
    return {
      usage: { ...usage, fresh, cacheRead, cacheWrite, output, reasoning: Math.min(usage.reasoning, output) },
      usageSource: 'estimated',
      doubt: [spent.doubt, `${told} is ${possible}`].filter(Boolean).join('; '),
      isBeyond: true,
    }
  }

  return {
    sent() {
      sentAt = now()
    },
    received(delta) {
      if (delta === '') return
      firstAt ??= now()
      pieces += 1
      text += delta
    },
    event(raw) {
      const told = toldBy(raw, provider)
      if (told !== undefined) partial = { ...partial, ...told }
    },
    reported(usage) {
      final = usage
    },
    hasBegun: () => pieces > 0 || partial !== undefined,
    spent() {
      const guess = estimate()
      if (final?.inputTokens.total === undefined) return bounded(guess)
      const { usage, doubt } = normalizeUsage(final, provider)
      // Some servers send zeros for what they have not counted.
      if (inputOf(usage) === 0) return bounded({ ...guess, ...(doubt !== undefined && { doubt }) })
      if (usage.output > 0 || pieces === 0)
        return bounded({ usage, usageSource: 'reported', ...(doubt !== undefined && { doubt }) })
      return bounded({
        usage: { ...usage, output: guess.usage.output },
        usageSource: 'estimated',
        doubt: [doubt, 'no output is reported'].filter(Boolean).join('; '),
      })
    },
  }
}

/** An assumption, on the dear side: most models that think write less in a second. */
const TOKENS_PER_SECOND = 150

/** Some count a token or so beyond the limit, such as the one that ends the text. It is set aside as well. */
export const OUTPUT_MARGIN = 16

type Json = Record<string, unknown>

/** Anthropic tells the input when a message starts, Gemini both sides with every piece. */
function toldBy(raw: unknown, provider: Provider): Partial<Usage> | undefined {
  const { message, usage, usageMetadata } = object(raw)
  const anthropic = object(object(message)['usage'] ?? usage)
  if (
    provider === 'anthropic' &&
    (typeof anthropic['input_tokens'] === 'number' || typeof anthropic['output_tokens'] === 'number')
  ) {
    return {
      ...counted('fresh', anthropic['input_tokens']),
      ...counted('cacheRead', anthropic['cache_read_input_tokens']),
      ...counted('cacheWrite', anthropic['cache_creation_input_tokens']),
      ...counted('output', anthropic['output_tokens']),
    }
  }
  const gemini = object(usageMetadata)
  if (provider !== 'gemini' || typeof gemini['promptTokenCount'] !== 'number') return undefined
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

const number = (value: unknown): number =>
  Number.isInteger(value) && (value as number) >= 0 ? Math.min(value as number, MOST_TOKENS) : 0

const counted = (name: keyof Usage, value: unknown): Partial<Usage> =>
  value === undefined || value === null ? {} : { [name]: number(value) }
