import type { Price } from './price.ts'
import type { Provider } from './provider.ts'

export { PROVIDERS, type Provider } from './provider.ts'

export const CAPABILITIES = ['vision', 'structured_output', 'long_context', 'transcription'] as const
export type Capability = (typeof CAPABILITIES)[number]

/** One model as the registry describes it. */
export type Model = {
  /** Its name in the registry. */
  name: string
  provider: Provider
  /** The provider's own name for it. */
  id: string
  capabilities: readonly Capability[]
  /** Tokens of input and output together. */
  contextWindow: number
  /** Tokens that it writes at most. */
  maxOutput: number
  /** From the registry; without it the price list's counts. By input tokens: the last whose `above` is exceeded. */
  prices?: readonly { above: number; price: Price }[]
}

/** `config/llm.yaml`, checked: which models there are, and which of them an action's strategy asks, in which order. */
export type Registry = {
  models: ReadonlyMap<string, Model>
  actions: ReadonlyMap<string, { needs: readonly Capability[]; chains: ReadonlyMap<string, readonly Model[]> }>
}
