import type { Price } from './price.ts'
import type { Usage } from './usage.ts'

/** How an attempt ended. All but the first are failures; `aborted` is ours, `lost` is what a killed process leaves. */
export type Outcome =
  | 'answered'
  /** Not JSON, cut off, or not of the asked shape. */
  | 'malformed'
  | 'rate_limited'
  | 'server_error'
  | 'timeout'
  /** The connection failed or broke off. */
  | 'network'
  /** The provider does not accept our key. */
  | 'unauthorized'
  /** Another 4xx: the request itself is not accepted. */
  | 'rejected'
  /** The model or its filter would not answer. */
  | 'refused'
  | 'aborted'

/** An attempt that is about to begin. */
export type CallStart = {
  /** A UUIDv7 of its beginning: the id of its row. */
  id: string
  action: string
  strategy: string
  /** Where in the chains the model stands: `quality/1`, or `default/2` when the strategy's own chain was of no use. */
  strategyPath: string
  provider: string
  model: string
  promptVersion: string
  /** Counts from 1 within one question. */
  attempt: number
  price: Price | null
  /** What is billed if nothing is heard of it again. */
  estimated: Usage
  /** More than it can cost, in nano-USD. Null when the price is unknown. */
  maxCostNanoUsd: bigint | null
  /** Seconds after which it has ended in any case. */
  deadlineSeconds: number
}

/** An attempt that has ended. */
export type CallEnd = CallStart & {
  outcome: Outcome
  usage: Usage
  /** Whether the provider said what was used; `none` when it refused before it did anything. */
  usageSource: 'reported' | 'estimated' | 'none'
  /** Null when the price is unknown, which is not the same as free. */
  costNanoUsd: bigint | null
  latencyMs: number
}

/** Where the money of calls is accounted for. A feature gives one to every question: whose money it is, and for what. */
export type Ledger = {
  /**
   * Sets aside what the attempt may cost at most. Throws the Failure `budget.exceeded` when that is not there, or `llm.unpriced` when the
   * price is unknown and there is a budget; nothing is sent then.
   */
  reserve(call: CallStart): Promise<void>
  /** Writes the attempt down and gives back what was set aside. With `answer`, that is kept in the same transaction. */
  settle(call: CallEnd, answer?: unknown): Promise<void>
}
