// The registry's reader and the price list are large, and not here: `import()` them from their files. Pure arithmetic is imported by file, too.
export type { CallEnd, CallStart, Ledger, Outcome } from './ledger.ts'
export type { Answer, Llm, Part, Question, Recording, TimedText } from './llm.ts'
export { nanoUsd, type Price } from './price.ts'
export { type Prompt, readPrompts } from './prompts.ts'
export type { PriceOf } from './registry/price-list.ts'
export { type Capability, type Model, PROVIDERS, type Provider, type Registry } from './registry.ts'
export { createLlm } from './router/router.ts'
export type { Usage } from './usage.ts'
