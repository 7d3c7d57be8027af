import type { Static, TSchema } from 'typebox'
import { Failure } from '#kernel/failure.ts'
import { newId } from '#platform/ids/index.ts'
import type { Log } from '#platform/log/index.ts'
import type { Adapter } from './adapters/adapter.ts'
import { type AttemptLimits, type Reception, send } from './attempt.ts'
import type { Health } from './circuit.ts'
import type { CallEnd, CallStart, Ledger, Outcome } from './ledger.ts'
import type { Question } from './llm.ts'
import { costOf } from './price.ts'
import type { PriceOf } from './price-list.ts'
import type { Provider } from './registry.ts'
import type { Place } from './router-chain.ts'
import type { Fault } from './router-fault.ts'
import { createMeter, type Meter, OUTPUT_MARGIN } from './router-meter.ts'
import { mostCost } from './router-price.ts'
import { inputTokensOf, type Request, writePrompt } from './router-prompt.ts'
import { dialectOf, readAnswer } from './structured.ts'
import { NO_USAGE } from './usage.ts'

type Deps = {
  priceOf: PriceOf
  now: () => Date
  sleep: (ms: number) => Promise<void>
  log: Pick<Log, 'warn' | 'error'>
  limits: AttemptLimits
}

export type Asked = {
  adapter: Adapter
  place: Place
  /** Counts from 1 within the question. */
  number: number
  /** The answer that this one shall be better than. */
  correction: Request['correction'] | undefined
}

/** What an attempt came to. `complaints`: the answer was malformed, and the model may be asked for another one. */
export type Result = { outcome: Outcome; text: string; output?: unknown; complaints?: string[]; fault?: Fault }

/** After an attempt the ledger may be away for a moment; milliseconds between the tries to write it down. */
const SETTLE_PAUSES_MS = [200, 1_000, 3_000]

/** And some two minutes in all while its database is away: else what was paid for is lost. */
const OUTAGE_PAUSES_MS = Array<number>(9).fill(10_000)

/** Of its end, after the attempt's own deadline. */
const GRACE_SECONDS = 60

/**
 * One attempt: set aside what it may cost, send, read, judge, and write down what it did cost, whatever has become of it. Throws only what
 * the ledger throws, or the question's own `complain`.
 */
export function createAsking({ priceOf, now, sleep, log, limits }: Deps) {
  const unauthorized = new Set<Provider>()

  function begin<S extends TSchema>(
    question: Question<S>,
    { place, number }: Asked,
    request: Request,
    text: string,
  ): CallStart {
    const { model, path } = place
    const at = now()
    const input = inputTokensOf(text, request, model.provider)
    const estimated = { ...NO_USAGE, fresh: input.estimate, output: request.maxOutputTokens }
    const inputBound = boundOf(input)
    const mostExpected = { ...estimated, output: estimated.output + OUTPUT_MARGIN }
    return {
      id: newId(),
      action: question.action,
      strategy: question.strategy,
      strategyPath: path,
      provider: model.provider,
      model: model.id,
      promptVersion: question.promptVersion,
      attempt: number,
      price: priceOf(model, estimated, at),
      estimated,
      maxCostNanoUsd: mostCost({ model, at, expected: mostExpected, inputBound }, priceOf),
      deadlineSeconds: Math.ceil(limits.attemptMs / 1000) + GRACE_SECONDS,
    }
  }

  function end(
    start: CallStart,
    { model }: Place,
    result: Result,
    meter: Meter,
    [began, ended]: [Date, Date],
  ): CallEnd {
    const isFree = result.fault?.isFree === true && !meter.hasBegun()
    const { doubt, isBeyond, ...spent } = isFree ? { usage: NO_USAGE, usageSource: 'none' as const } : meter.spent()
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
   * `estimate` is what is written when the ledger does not take the call's own figures. Whether the question is given up meanwhile does
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
    // 402 is DeepSeek's for an empty balance: https://api-docs.deepseek.com/quick_start/error_codes
    const isOurs = outcome === 'unauthorized' || fault?.status === 402
    if (isOurs && !unauthorized.has(provider as Provider)) {
      unauthorized.add(provider as Provider)
      log.error(facts, 'A provider of language models does not accept our account: check its key and balance.')
    } else log.warn(facts, 'A language model did not answer.')
  }

  return async function attempt<S extends TSchema>(
    question: Question<S>,
    asked: Asked,
    tellHealth: (health: Health) => void,
  ): Promise<Result> {
    const { adapter, place, correction } = asked
    const { model } = place
    const request: Request = {
      system: question.system,
      parts: question.parts,
      dialect: dialectOf(question.schema, model.provider),
      schemaName: question.schemaName,
      maxOutputTokens: Math.min(question.maxOutputTokens, model.maxOutput),
      ...(correction !== undefined && { correction }),
    }
    const { options, text } = writePrompt(request, adapter.tellsSchema)
    const start = begin(question, asked, request, text)
    await question.ledger.reserve(start)

    const began = now()
    const { maxOutputTokens } = request
    const inputBound = boundOf(inputTokensOf(text, request, model.provider))
    const meter = createMeter(model.provider, start.estimated, { maxOutputTokens, inputBound, now })
    const settings = adapter.settings(model, request.dialect)
    const { signal } = question
    const reception = await send({ adapter, model, options: { ...options, ...settings }, meter, limits, now, signal })
    const { result, bug } = judge(reception, question)
    tellHealth(healthOf(result.outcome))
    const call = end(start, place, result, meter, [began, now()])
    tell(call, result.fault)
    await settle(question.ledger, call, estimateOf(start, call), result.output)
    if (bug !== undefined) throw bug.error
    return result
  }
}

const boundOf = ({ bound, estimate }: { bound: number; estimate: number }) => Math.max(bound, estimate)

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

const CUT_OFF = 'It was cut off because it is too long: say it in fewer words.'

function judge<S extends TSchema>(
  reception: Reception,
  { schema, complain }: Question<S>,
): { result: Result; bug?: { error: unknown } } {
  const { text } = reception
  if ('fault' in reception) return { result: { outcome: reception.fault.outcome, text, fault: reception.fault } }
  const { unified } = reception.finish
  if (unified === 'content-filter') return { result: { outcome: 'refused', text } }
  if (unified === 'length') return { result: { outcome: 'malformed', text, complaints: [CUT_OFF] } }
  const reading = readAnswer(text, schema)
  if ('complaints' in reading) return { result: { outcome: 'malformed', text, complaints: reading.complaints } }
  try {
    const complaint = complain?.(reading.output as Static<S>)
    if (complaint === undefined) return { result: { outcome: 'answered', text, output: reading.output } }
    return { result: { outcome: 'malformed', text, complaints: [complaint] } }
  } catch (error) {
    // The answer is paid for all the same.
    return { result: { outcome: 'malformed', text }, bug: { error } }
  }
}
