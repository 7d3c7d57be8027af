/** What may go wrong with one call, before a model has a say. */
export type Fault =
  /** An error in the provider's own words; `retryAfter` as the header has it: seconds or a date. */
  | { kind: 'status'; status: number; retryAfter?: string }
  /** The connection is closed before any answer. */
  | { kind: 'reset' }
  /** Nothing is answered for as long as the client waits. */
  | { kind: 'silence' }
  /** So many bytes of the answer, then the connection is closed. */
  | { kind: 'cut'; bytes?: number }
  /** So many bytes of the answer, then nothing for as long as the client waits. */
  | { kind: 'stall'; bytes?: number }
  /** The answer waits so long before it begins. */
  | { kind: 'delay'; ms: number }
  /** A whole answer whose JSON stops in the middle. `length`: as a model that ran out of tokens. */
  | { kind: 'truncated'; finishReason?: 'stop' | 'length' }
  /** JSON of another shape than was asked for. */
  | { kind: 'wrong-schema' }
  /** The provider's filter would not have it. */
  | { kind: 'filtered' }
  /** This instead of what the model would say. */
  | { kind: 'answer'; content: unknown }

/** Faults in the order in which they were asked for; each is met by one call. */
export function createFaults() {
  const waiting: Fault[] = []
  return {
    add: (faults: readonly Fault[]) => void waiting.push(...faults),
    take: (): Fault | undefined => waiting.shift(),
    clear: () => void waiting.splice(0),
  }
}
