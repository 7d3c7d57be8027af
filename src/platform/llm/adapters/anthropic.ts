import { createAnthropic } from '@ai-sdk/anthropic'
import { type Access, type Adapter, accessOptions } from './adapter.ts'

const ADDRESS = 'https://api.anthropic.com/v1'

// https://platform.claude.com/docs/en/build-with-claude/effort: models before Opus 4.5, and the small ones of its time, refuse it.
const WITHOUT_EFFORT = /claude-(?:[23]|v2|instant|haiku-4|sonnet-4(?!-[6-9])|opus-4(?:-[01]\b|-2025|$))/

/**
 * `effort` and never a budget of thinking, which the package would add to `max_tokens`, and so to what was set aside. Current models
 * refuse a temperature and forced tools: the package then uses the native output format. No request can switch storage off.
 */
export function createClaude(access: Access): Adapter {
  return {
    model: ({ id }, fetch) => createAnthropic(accessOptions(access, fetch, ADDRESS)).languageModel(id),
    settings: ({ id }) => (WITHOUT_EFFORT.test(id) ? {} : { providerOptions: { anthropic: { effort: 'medium' } } }),
    tellsSchema: false,
  }
}
