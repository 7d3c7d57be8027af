/** How a provider speaks. `openai` is the chat format, which DeepSeek and compatible servers have too; `responses` is OpenAI's newer one. */
export type TextWire = 'openai' | 'responses' | 'anthropic' | 'gemini'

/** With OpenAI's for sound, a form. */
export type Wire = TextWire | 'transcription'

/** Which format a path belongs to; undefined when none of those that are spoken here. */
export function wireOf(path: string): Wire | undefined {
  if (path.endsWith('/chat/completions')) return 'openai'
  if (path.endsWith('/responses')) return 'responses'
  if (path.endsWith('/audio/transcriptions')) return 'transcription'
  if (path.endsWith('/messages')) return 'anthropic'
  return /\/models\/[^/]+:(generateContent|streamGenerateContent)$/.test(path) ? 'gemini' : undefined
}

/** Where the mock's server below expects a format: providers differ in what stands before it. */
export function pathBelow(wire: TextWire, path: string): string {
  if (wire === 'gemini') return `/v1beta${path.slice(path.lastIndexOf('/models/'))}`
  return { openai: '/v1/chat/completions', responses: '/v1/responses', anthropic: '/v1/messages' }[wire]
}

/** What was used, in the words of the format. */
export function usageIn(wire: TextWire, input: number, output: number): Record<string, number> {
  switch (wire) {
    case 'openai':
      return { prompt_tokens: input, completion_tokens: output, total_tokens: input + output }
    case 'responses':
      return { input_tokens: input, output_tokens: output, total_tokens: input + output }
    case 'anthropic':
      return { input_tokens: input, output_tokens: output }
    case 'gemini':
      return { promptTokenCount: input, candidatesTokenCount: output, totalTokenCount: input + output }
  }
}

/** About as many tokens as today's tokenizers make of a text: one for four bytes. */
export const tokensIn = (text: string): number => Math.ceil(Buffer.byteLength(text) / 4)
