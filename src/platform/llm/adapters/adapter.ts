import type { LanguageModelV4, LanguageModelV4CallOptions } from '@ai-sdk/provider'
import type { Model } from '../registry.ts'
import type { Dialect } from '../structured.ts'

export type Access = { apiKey?: string; baseUrl?: string }

export type Fetch = typeof globalThis.fetch

/** How one provider is spoken to. */
export type Adapter = {
  /** Speaks through `fetch`, which it may call once. */
  model(model: Model, fetch: Fetch): LanguageModelV4
  /** What is asked of this provider beyond the question itself: nothing kept there, little thought. */
  settings(model: Model, dialect: Dialect): Pick<LanguageModelV4CallOptions, 'reasoning' | 'providerOptions'>
  /** Whether the schema must stand in the prompt too, as the provider does not enforce it. */
  tellsSchema: boolean
}

/** The options that the providers' packages share. With an address always, as some packages would else look for one in the environment. */
export function accessOptions({ apiKey, baseUrl }: Access, fetch: Fetch, theirs: string) {
  return { fetch, baseURL: baseUrl ?? theirs, ...(apiKey !== undefined && { apiKey }) }
}
