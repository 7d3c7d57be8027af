import type { Static, TSchema } from 'typebox'
import type { Ledger } from './ledger.ts'
import type { Model, Provider } from './registry.ts'

export type Part = { type: 'text'; text: string } | { type: 'image'; bytes: Uint8Array; mediaType: string }

export type Question<S extends TSchema> = {
  /** Of the registry: what for, and how dear it may be. */
  action: string
  strategy: string
  /** The providers that may see it. Null: all that are configured. */
  allowed: readonly string[] | null
  /** Name and version of the prompt, for the ledger. */
  promptVersion: string
  system: string
  parts: readonly Part[]
  /** What the answer must be. We check it, whatever the provider promises. */
  schema: S
  /** Of letters, digits, _ and -, as some providers want one. */
  schemaName: string
  /** A complaint about an answer that has the right shape, which is then asked for once more as if it were malformed. */
  complain?: (output: Static<S>) => string | undefined
  /** Tokens, reasoning included. */
  maxOutputTokens: number
  signal: AbortSignal
  ledger: Ledger
}

export type Answer<S extends TSchema> = {
  output: Static<S>
  provider: Provider
  model: string
}

/** A piece of sound to be written down. */
export type Recording = {
  /** Of the registry. */
  action: string
  strategy: string
  allowed: readonly string[] | null
  /** For the ledger; transcription has no prompt of ours, so it names how pieces are made. */
  promptVersion: string
  bytes: Uint8Array
  mediaType: string
  milliseconds: number
  signal: AbortSignal
  ledger: Ledger
}

/** Seconds from the piece's beginning; in order, within the piece, without empty texts. */
export type TimedText = { start: number; end: number; text: string }

export type Llm = {
  /**
   * Asks the models of the action's chain, one after another, and then those of its `default` chain, until one answers in the right shape.
   * Every attempt is in the ledger before this returns or throws. Throws a Failure: `llm.not_configured` when no model may be asked,
   * `budget.exceeded`, `llm.unpriced`, `llm.unavailable` when it is worth trying again later, also where the operator has to mend a key, a
   * balance or a model's name first, `llm.refused` or `llm.malformed` when it is not; or the signal's reason.
   */
  ask<S extends TSchema>(question: Question<S>): Promise<Answer<S>>
  /**
   * What is said in a recording, with its times. Otherwise as `ask`: chains, retries, the ledger (by milliseconds of sound) and the Failures.
   * Silence is an empty list.
   */
  transcribe(recording: Recording): Promise<{ segments: TimedText[]; provider: Provider; model: string }>
  /** The models that `ask` or `transcribe` would try, in that order; none when no provider of the chain is configured and allowed. */
  chain(action: string, strategy: string, allowed: readonly string[] | null): readonly Model[]
}
