import type { Provider } from '../registry.ts'
import type { Access, Adapter } from './adapter.ts'

/** Loads a provider's package, which is large, when it is first needed. */
export async function loadAdapter(provider: Provider, access: Access): Promise<Adapter> {
  switch (provider) {
    case 'gemini':
      return (await import('./gemini.ts')).createGemini(access)
    case 'anthropic':
      return (await import('./anthropic.ts')).createClaude(access)
    case 'openai':
      return (await import('./openai.ts')).createGpt(access)
    case 'deepseek':
      return (await import('./deepseek.ts')).createSeek(access)
    case 'compatible':
      return (await import('./compatible.ts')).createCompatible(access)
  }
}
