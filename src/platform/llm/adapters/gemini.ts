import { createGoogle } from '@ai-sdk/google'
import { type Access, type Adapter, accessOptions, type Fetch } from './adapter.ts'

const ADDRESS = 'https://generativelanguage.googleapis.com/v1beta'

/** Thoughts count into `maxOutputTokens`: https://ai.google.dev/gemini-api/docs/thinking. */
export function createGemini(access: Access): Adapter {
  return {
    model: ({ id }, fetch) => createGoogle(accessOptions(access, withoutStorage(fetch), ADDRESS)).languageModel(id),
    settings: () => ({ reasoning: 'low' }),
    tellsSchema: false,
  }
}

/**
 * Projects made since 26 October 2026 keep every request for 55 days unless it says no
 * (https://ai.google.dev/gemini-api/docs/logs-datasets), for which the package has no option.
 */
function withoutStorage(fetch: Fetch): Fetch {
  return (url, init) => {
    if (typeof init?.body !== 'string') throw new Error('A request to Gemini is JSON.')
    return fetch(url, { ...init, body: JSON.stringify({ ...JSON.parse(init.body), store: false }) })
  }
}
