import { setTimeout as pause } from 'node:timers/promises'
import type { Static, TSchema } from 'typebox'
import { Failure } from '#kernel/failure.ts'
import type { Log } from '#platform/log/index.ts'
import { createTurns } from '#platform/turns/index.ts'
import type { Access, Adapter } from './adapters/adapter.ts'
import { loadAdapter } from './adapters/load.ts'
import type { AttemptLimits } from './attempt.ts'
import { type Circuit, createCircuit } from './circuit.ts'
import { llmMalformed, llmNotConfigured, llmRefused, llmUnavailable } from './failures.ts'
import type { Answer, Llm, Question } from './llm.ts'
import type { PriceOf } from './price-list.ts'
import type { Provider, Registry } from './registry.ts'
import type { createAsking } from './router-ask.ts'
import { LONGEST_WAIT_MS, pauseAfter } from './router-backoff.ts'
import { type Place, walk } from './router-chain.ts'

export type RouterLimits = AttemptLimits & {
  /** Requests under way at one provider. */
  perProvider: number
}

const LIMITS: RouterLimits = {
  firstByteMs: 60_000,
  silenceMs: 60_000,
  attemptMs: 600_000,
  maxBytes: 64 * 1024 * 1024,
  maxCharacters: 2_000_000,
  perProvider: 8,
}

/** Tries of one model that fail on the way, of each question. */
const TRIES = 3

type Attempt = ReturnType<typeof createAsking>

type Deps = {
  registry: Registry
  /** A provider without a key is not asked; `compatible` needs a base URL instead. */
  keys: Partial<Record<Provider, Access>>
  priceOf: PriceOf
  now: () => Date
  random: () => number
  sleep?: (ms: number, signal?: AbortSignal) => Promise<void>
  log: Pick<Log, 'info' | 'warn' | 'error'>
  limits?: Partial<RouterLimits>
}

/** Asks language models: chains, retries, circuits, and a row in the ledger for every attempt. */
export function createLlm({ registry, keys, random, sleep = sleepFor, limits, ...deps }: Deps): Llm {
  const { log, now } = deps
  const allLimits = { ...LIMITS, ...limits }
  const turns = createTurns({ perKey: allLimits.perProvider })
  const adapters = new Map<Provider, Promise<Adapter>>()
  const circuits = new Map<Provider, Circuit>()
  const loadAsking = async () => (await import('./router-ask.ts')).createAsking({ ...deps, sleep, limits: allLimits })
  let asking: Promise<Attempt> | undefined

  const isConfigured = (provider: Provider) =>
    (provider === 'compatible' ? keys[provider]?.baseUrl : keys[provider]?.apiKey) !== undefined

  function adapterOf(provider: Provider): Promise<Adapter> {
    const adapter = adapters.get(provider) ?? loadAdapter(provider, keys[provider] ?? {})
    adapters.set(provider, adapter)
    return adapter
  }

  function circuitOf(provider: Provider): Circuit {
    const onChange = (pauseMs: number) => {
      if (pauseMs === 0) log.info({ provider }, 'A provider of language models answers again.')
      else
        log.warn({ provider, pause_ms: pauseMs }, 'A provider of language models fails and is left alone for a while.')
    }
    const circuit = circuits.get(provider) ?? createCircuit({ now, onChange })
    circuits.set(provider, circuit)
    return circuit
  }

  /** One attempt in its provider's turn; undefined while the circuit is open. */
  async function tryOnce<S extends TSchema>(question: Question<S>, asked: Omit<Parameters<Attempt>[1], 'adapter'>) {
    const { provider } = asked.place.model
    const circuit = circuitOf(provider)
    if (circuit.opensInMs() > 0) return undefined
    const release = await turns.acquire(provider, question.signal)
    let told: ReturnType<Circuit['enter']>
    try {
      const adapter = await adapterOf(provider)
      told = circuit.enter()
      if (told === undefined) return undefined
      asking ??= loadAsking()
      return await (await asking)(question, { ...asked, adapter }, told)
    } finally {
      told?.('unknown')
      release()
    }
  }

  /** All tries of one model. */
  async function askModel<S extends TSchema>(
    question: Question<S>,
    place: Place,
    tally: Tally,
  ): Promise<Answer<S> | undefined> {
    const { provider, id } = place.model
    let failed = 0
    let correction: Parameters<Attempt>[1]['correction']
    while (true) {
      question.signal.throwIfAborted()
      tally.attempts += 1
      const result = await tryOnce(question, { place, number: tally.attempts, correction })
      if (result === undefined) {
        tally.attempts -= 1
        tally.retryIn(circuitOf(provider).opensInMs())
        return undefined
      }
      if (result.outcome === 'answered') return { output: result.output as Static<S>, provider, model: id }
      if (result.outcome === 'aborted') question.signal.throwIfAborted()
      tally.saw(result.outcome)
      if (result.complaints !== undefined) {
        if (correction !== undefined) return undefined
        correction = { answer: result.text, complaints: result.complaints }
        continue
      }
      const { passes = false, retryAfterMs } = result.fault ?? {}
      if (passes) tally.retryIn(retryAfterMs)
      failed += 1
      if (!passes || failed >= TRIES || (retryAfterMs ?? 0) > LONGEST_WAIT_MS) return undefined
      await sleep(pauseAfter(failed, retryAfterMs, random), question.signal)
    }
  }

  return {
    async ask(question) {
      const places = walk(registry, isConfigured, question)
      if (places.length === 0) throw llmNotConfigured()
      const tally = createTally()
      for (const place of places) {
        try {
          const answer = await askModel(question, place, tally)
          if (answer !== undefined) return answer
        } catch (error) {
          // A model without a price is passed over, as the next one may have one.
          if (!(error instanceof Failure) || error.code !== 'llm.unpriced') throw error
          tally.attempts -= 1
          tally.unpriced = error
        }
      }
      throw tally.failure()
    },
    chain: (action, strategy, allowed) =>
      walk(registry, isConfigured, { action, strategy, allowed }).map(({ model }) => model),
  }
}

type Tally = ReturnType<typeof createTally>

const PASSING = ['rate_limited', 'server_error', 'timeout', 'network']

/** What the attempts of one question came to. */
function createTally() {
  const outcomes = new Set<string>()
  let soonestMs: number | undefined
  let isPassing = false

  return {
    attempts: 0,
    unpriced: undefined as Failure | undefined,
    saw(outcome: string) {
      outcomes.add(outcome)
      if (PASSING.includes(outcome)) isPassing = true
    },
    /** It is worth trying again, after so many milliseconds if that is known. */
    retryIn(ms: number | undefined) {
      isPassing = true
      if (ms !== undefined) soonestMs = Math.min(soonestMs ?? ms, ms)
    },
    failure(): Failure {
      if (isPassing)
        return llmUnavailable(soonestMs === undefined ? undefined : Math.max(1, Math.ceil(soonestMs / 1000)))
      if (outcomes.size === 0 && this.unpriced !== undefined) return this.unpriced
      return [...outcomes].every((outcome) => outcome === 'malformed') ? llmMalformed() : llmRefused()
    },
  }
}

async function sleepFor(ms: number, signal?: AbortSignal): Promise<void> {
  await pause(ms, undefined, signal === undefined ? {} : { signal }).catch(() => signal?.throwIfAborted())
}
