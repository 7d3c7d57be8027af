import { Failure } from '#kernel/failure.ts'
import { newId } from '#platform/ids/index.ts'
import type { Log } from '#platform/log/index.ts'
import type { Adapter } from '../adapters/adapter.ts'
import type { CallEnd, CallStart, Ledger, Outcome } from '../ledger.ts'
import type { Question } from '../llm.ts'
import { costOf } from '../price.ts'
import type { PriceOf } from '../registry/price-list.ts'
import type { Provider } from '../registry.ts'
import { NO_USAGE, type Usage } from '../usage.ts'
import type { Place } from './chain.ts'
import type { Health } from './circuit.ts'
import type { Fault } from './fault.ts'
import type { Spent } from './meter.ts'

/** What every question and every recording says of itself. */
export type Errand = Pick<Question<never>, 'action' | 'strategy' | 'allowed' | 'promptVersion' | 'signal' | 'ledger'>

export type Asked = {
  adapter: Adapter
  place: Place
  /** Counts from 1 within the errand. */
  number: number
  /** The answer that this one shall be better than. */
  correction: { answer: string; complaints: readonly string[] } | undefined
}

/** What an attempt came to. `complaints`: the answer was malformed, and the model may be asked for another one. */
export type Result = { outcome: Outcome; text: string; output?: unknown; complaints?: string[]; fault?: Fault }

/** An errand in the words of one model, before it is sent. */
export type Trial = {
  /** What is billed if nothing is heard of it again. */
  estimated: Usage
  /** More than it can cost, in nano-USD. Null when the price is unknown. */
  maxCostNanoUsd: bigint | null
  /** Milliseconds after which it has ended. */
  deadlineMs: number
  /** What it used so far, and whether the provider has begun to work. */
  meter: { hasBegun(): boolean; spent(): Spent }
  /** Sends it and judges what comes back. Never throws: a `bug` is thrown once the attempt is written down. */
  run(): Promise<{ result: Result; bug?: { error: unknown } }>
}

export type Prepare = (asked: Asked, at: Date) => Promise<Trial>

type Deps = {
  priceOf: PriceOf
  now: () => Date
  sleep: (ms: number) => Promise<void>
  log: Pick<Log, 'warn' | 'error'>
}

/** After an attempt the ledger may be away for a moment; milliseconds between the tries to write it down. */
const SETTLE_PAUSES_MS = [200, 1_000, 3_000]

/** And some two minutes in all while its database is away: else what was paid for is lost. */
const OUTAGE_PAUSES_MS = Array<number>(9).fill(10_000)

/** Of its end, after the attempt's own deadline. */
const GRACE_SECONDS = 60

/**
 * One attempt: set aside what it may cost, send, read, judge, and write down what it did cost, whatever has become of it. Throws only what
 * the ledger throws, or the errand's own bug.
 */
export function createAttempting({ priceOf, now, sleep, log }: Deps) {
  const unauthorized = new Set<Provider>()

  function begin(errand: Errand, { place, number }: Asked, trial: Trial, at: Date): CallStart {
    const { model, path } = place
    const { estimated, maxCostNanoUsd, deadlineMs } = trial
    return {
      id: newId(),
      action: errand.action,
      strategy: errand.strategy,
      strategyPath: path,
      provider: model.provider,
      model: model.id,
      promptVersion: errand.promptVersion,
      attempt: number,
      price: priceOf(model, estimated, at),
      estimated,
      maxCostNanoUsd,
      deadlineSeconds: Math.ceil(deadlineMs / 1000) + GRACE_SECONDS,
    }
  }

  function end(
    start: CallStart,
    { model }: Place,
    result: Result,
    { meter }: Trial,
    [began, ended]: [Date, Date],
  ): CallEnd {
    const isFree = result.fault?.isFree === true && !meter.hasBegun()
    const { doubt, isBeyond, ...spent }: Spent = isFree ? { usage: NO_USAGE, usageSource: 'none' } : meter.spent()
    const price = isFree ? start.price : priceOf(model, spent.usage, began)
    const cost = isFree ? 0n : price === null ? null : costOf(spent.usage, price)
    const latencyMs = Math.max(0, ended.getTime() - began.getTime())
    const facts = { provider: model.provider, model: model.id, call_id: start.id, doubt }
    const end = { ...start, ...spent, price, outcome: result.outcome, latencyMs }
    const most = start.maxCostNanoUsd
    // The price may have changed meanwhile. Nobody pays more than a budget has granted.
    const isTooDear = cost !== null && most !== null && cost > most
    if (isBeyond || isTooDear)
      log.error(facts, 'A provider reports more usage than is possible: only what was set aside is charged.')
    else if (doubt !== undefined) log.warn(facts, 'A provider reports odd usage.')
    return isTooDear ? { ...end, usageSource: 'estimated', costNanoUsd: most } : { ...end, costNanoUsd: cost }
  }

  /**
   * `estimate` is what is written when the ledger does not take the call's own figures. Whether the errand is given up meanwhile does
   * not count: a worker that loses its database loses its jobs as well, and the answer is there when they begin anew.
   */
  async function settle(ledger: Ledger, call: CallEnd, estimate: CallEnd, output: unknown): Promise<void> {
    const pauses = [...SETTLE_PAUSES_MS, ...OUTAGE_PAUSES_MS]
    for (let tries = 0; ; tries += 1) {
      try {
        return await ledger.settle(call, output)
      } catch (error) {
        // Not the error itself: a database's may quote the row, and so the answer.
        const { name, code } = error as { name?: string; code?: unknown }
        const facts = { provider: call.provider, call_id: call.id, error: code ?? name }
        const isOutage = error instanceof Failure && error.kind === 'unavailable'
        if (!isOutage && tries >= SETTLE_PAUSES_MS.length) {
          log.error(facts, 'The ledger does not take an attempt: it is written down as it was estimated.')
          return ledger.settle(estimate, output)
        }
        const pauseMs = pauses[tries]
        if (pauseMs === undefined) throw error
        log.warn(facts, 'An attempt could not be written into the ledger yet.')
        await sleep(pauseMs)
      }
    }
  }

  function tell({ action, provider, model, outcome, attempt, latencyMs }: CallEnd, fault: Fault | undefined) {
    if (outcome === 'answered') unauthorized.delete(provider as Provider)
    if (outcome === 'answered' || outcome === 'aborted') return
    const facts = {
      provider,
      model,
      action,
      outcome,
      attempt,
      status: fault?.status,
      code: fault?.code,
      latency_ms: latencyMs,
    }
    const isAccount = outcome === 'unauthorized' || fault?.status === 402
    if (isAccount && !unauthorized.has(provider as Provider)) {
      unauthorized.add(provider as Provider)
      log.error(facts, 'A provider of language models does not accept our account: check its key and balance.')
    } else log.warn(facts, 'A language model did not answer.')
  }

  return async function attempt(
    errand: Errand,
    prepare: Prepare,
    asked: Asked,
    tellHealth: (health: Health) => void,
  ): Promise<Result> {
    const at = now()
    const trial = await prepare(asked, at)
    const start = begin(errand, asked, trial, at)
    await errand.ledger.reserve(start)

    const began = now()
    const { result, bug } = await trial.run()
    tellHealth(healthOf(result.outcome))
    const call = end(start, asked.place, result, trial, [began, now()])
    tell(call, result.fault)
    await settle(errand.ledger, call, estimateOf(start, call), result.output)
    if (bug !== undefined) throw bug.error
    return result
  }
}

/** The call as it was expected when it began. */
function estimateOf(start: CallStart, { outcome, latencyMs }: CallEnd): CallEnd {
  const { price, estimated: usage } = start
  const costNanoUsd = price === null ? null : costOf(usage, price)
  return { ...start, usage, usageSource: 'estimated', costNanoUsd, outcome, latencyMs }
}

function healthOf(outcome: Outcome): Health {
  if (outcome === 'aborted') return 'unknown'
  return outcome === 'server_error' || outcome === 'timeout' || outcome === 'network' ? 'fault' : 'fine'
}
