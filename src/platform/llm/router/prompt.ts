import type { LanguageModelV4CallOptions, LanguageModelV4Message } from '@ai-sdk/provider'
import type { Part } from '../llm.ts'
import type { Provider } from '../registry.ts'
import { boundTokens, estimateTokens } from '../tokens.ts'
import type { Dialect } from './structured.ts'

/** What a model is asked, in the words of its provider. */
export type Request = {
  system: string
  parts: readonly Part[]
  dialect: Dialect
  schemaName: string
  maxOutputTokens: number
  /** An answer of this model's that was not accepted, and why. */
  correction?: { answer: string; complaints: readonly string[] }
}

/** Of an answer that goes back to its author. */
const QUOTED_CHARACTERS = 20_000

/** The request as the providers' packages take it, and all of its text, to be counted. */
export function writePrompt(
  request: Request,
  tellsSchema: boolean,
): { options: LanguageModelV4CallOptions; text: string } {
  const { dialect, correction, parts, schemaName, maxOutputTokens } = request
  const schema = JSON.stringify(dialect.schema)
  const system = tellsSchema
    ? `${request.system}\n\nAnswer with JSON of this schema, and nothing else:\n${schema}`
    : request.system
  const prompt: LanguageModelV4Message[] = [
    { role: 'system', content: system },
    { role: 'user', content: parts.map(writePart) },
  ]
  let told = ''
  if (correction !== undefined) {
    const answer = correction.answer.slice(0, QUOTED_CHARACTERS).trim()
    if (answer !== '') prompt.push({ role: 'assistant', content: [{ type: 'text', text: answer }] })
    const complaint = complaintOf(correction.complaints)
    prompt.push({ role: 'user', content: [{ type: 'text', text: complaint }] })
    told = answer + complaint
  }
  const responseFormat = { type: 'json' as const, schema: dialect.schema, name: schemaName }
  const texts = parts.map((part) => (part.type === 'text' ? part.text : '')).join('\n')
  return { options: { prompt, maxOutputTokens, responseFormat }, text: [system, texts, schema, told].join('\n') }
}

function writePart(part: Part) {
  if (part.type === 'text') return part
  const { bytes, mediaType } = part
  // Without it, newer models take four times as many tokens where an image is large.
  const providerOptions = { openai: { imageDetail: 'high' } }
  return { type: 'file' as const, data: { type: 'data' as const, data: bytes }, mediaType, providerOptions }
}

const complaintOf = (complaints: readonly string[]) =>
  [
    'That answer is not accepted:',
    ...complaints.map((line) => `- ${line}`),
    'Give the whole answer again, as JSON only.',
  ].join('\n')

// As many tokens as an image of any size is billed as, with what the models of each provider do by default (OpenAI's: as it is asked for
// above), and with some room. https://ai.google.dev/gemini-api/docs/media-resolution (1120; 2240 only when asked for),
// https://platform.claude.com/docs/en/build-with-claude/vision (4784), https://developers.openai.com/api/docs/guides/images-vision (2500
// patches, times 2.46 for the smallest), https://api-docs.deepseek.com/guides/vision (384). Of others, Qwen's models take the most:
// https://github.com/QwenLM/Qwen3-VL (16384).
const IMAGE: Record<Provider, { estimate: number; bound: number }> = {
  gemini: { estimate: 1_120, bound: 2_500 },
  anthropic: { estimate: 4_784, bound: 5_000 },
  openai: { estimate: 6_150, bound: 10_000 },
  deepseek: { estimate: 384, bound: 2_000 },
  compatible: { estimate: 16_384, bound: 20_000 },
}

/** What a provider adds: roles, the words around a schema or a tool. */
const MARGIN = 2_000

/** Tokens of the whole input: about how many, and certainly no more than. The schema may be told twice. */
export function inputTokensOf(text: string, { dialect, parts }: Request, provider: Provider) {
  const images = parts.filter(({ type }) => type === 'image').length
  const schema = boundTokens(JSON.stringify(dialect.schema))
  return {
    estimate: estimateTokens(text) + images * IMAGE[provider].estimate,
    bound: boundTokens(text) + schema + images * IMAGE[provider].bound + MARGIN,
  }
}
