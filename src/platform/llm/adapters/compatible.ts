import { createOpenAICompatible } from '@ai-sdk/openai-compatible'
import { type Access, type Adapter, accessOptions } from './adapter.ts'
import { createTranscribe } from './transcribe.ts'

/** Ollama, vLLM and the like: what they enforce of a schema differs, so that it stands in the prompt as well. */
export function createCompatible(access: Access): Adapter {
  return {
    model: ({ id, capabilities }, fetch) =>
      createOpenAICompatible({
        ...accessOptions(access, fetch, ''),
        name: 'compatible',
        includeUsage: true,
        supportsStructuredOutputs: capabilities.includes('structured_output'),
      }).chatModel(id),
    settings: (_model, { strict }) => ({ providerOptions: { compatible: { strictJsonSchema: strict } } }),
    tellsSchema: true,
    transcribe: createTranscribe(access, ''),
  }
}
