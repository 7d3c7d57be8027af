import { createDeepSeek } from '@ai-sdk/deepseek'
import { type Access, type Adapter, accessOptions } from './adapter.ts'

const ADDRESS = 'https://api.deepseek.com'

/** It only has a JSON mode: the package puts the schema into a system message. No request can switch storage off. */
export function createSeek(access: Access): Adapter {
  return {
    model: ({ id }, fetch) => createDeepSeek(accessOptions(access, fetch, ADDRESS)).languageModel(id),
    settings: () => ({ reasoning: 'low' }),
    tellsSchema: false,
  }
}
