import type { LanguageModelV4, LanguageModelV4CallOptions } from '@ai-sdk/provider'
import type { Model } from '../registry.ts'
import type { Dialect } from '../router/structured.ts'

export type Access = { apiKey?: string; baseUrl?: string }

export type Fetch = typeof globalThis.fetch

/** Sound as a provider takes it. */
export type Sound = { bytes: Uint8Array; mediaType: string }

/** Returns the answer as it came. Throws as the packages do when it is not accepted. */
export type Transcribe = (model: Model, sound: Sound, wire: { fetch: Fetch; signal: AbortSignal }) => Promise<string>

/** How one provider is spoken to. */
export type Adapter = {
  /** Speaks through `fetch`, which it may call once. */
  model(model: Model, fetch: Fetch): LanguageModelV4
  /** What is asked of this provider beyond the question itself: nothing kept there, little thought. */
  settings(model: Model, dialect: Dialect): Pick<LanguageModelV4CallOptions, 'reasoning' | 'providerOptions'>
  /** Whether the schema must stand in the prompt too, as the provider does not enforce it. */
  tellsSchema: boolean
  /** Writes down what is said. Those who cannot tell when it is said have none. */
  transcribe?: Transcribe
}

/** The options that the providers' packages share. With an address always, as some packages would else look for one in the environment. */
export function accessOptions({ apiKey, baseUrl }: Access, fetch: Fetch, theirs: string) {
  return { fetch, baseURL: baseUrl ?? theirs, ...(apiKey !== undefined && { apiKey }) }
}
