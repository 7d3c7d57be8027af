/** The providers that there are adapters for. `compatible`: any server that speaks OpenAI's chat completions. */
export const PROVIDERS = ['gemini', 'anthropic', 'openai', 'deepseek', 'compatible'] as const
export type Provider = (typeof PROVIDERS)[number]
