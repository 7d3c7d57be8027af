/** The providers that there are adapters for. `compatible`: any server that speaks OpenAI's chat completions. */
export const PROVIDERS = ['gemini', 'anthropic', 'openai', 'deepseek', 'compatible'] as const
export type Provider = (typeof PROVIDERS)[number]

/** Those who tell when something is said. */
export const TRANSCRIBERS: readonly Provider[] = ['openai', 'compatible']
