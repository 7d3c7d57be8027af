import { createOpenAI } from '@ai-sdk/openai'
import { type Access, type Adapter, accessOptions } from './adapter.ts'
import { createTranscribe } from './transcribe.ts'

const ADDRESS = 'https://api.openai.com/v1'

/**
 * Chat completions. `store: false`: not kept for the dashboard or for training evaluations
 * (https://developers.openai.com/api/docs/guides/your-data).
 */
export function createGpt(access: Access): Adapter {
  return {
    model: ({ id }, fetch) => createOpenAI(accessOptions(access, fetch, ADDRESS)).chat(id),
    settings: (_model, { strict }) => ({
      reasoning: 'low',
      providerOptions: { openai: { store: false, strictJsonSchema: strict } },
    }),
    tellsSchema: false,
    transcribe: createTranscribe(access, ADDRESS),
  }
}
