import { setTimeout as pause } from 'node:timers/promises'
import type { Static } from 'typebox'
import { Failure } from '#kernel/failure.ts'
import type { Log } from '#platform/log/index.ts'
import { createTurns } from '#platform/turns/index.ts'
import type { Access, Adapter } from '../adapters/adapter.ts'
import { loadAdapter } from '../adapters/load.ts'
import { llmMalformed, llmNotConfigured, llmRefused, llmUnavailable } from '../failures.ts'
import type { Llm, TimedText } from '../llm.ts'
import type { PriceOf } from '../registry/price-list.ts'
import type { Provider, Registry } from '../registry.ts'
import type { Asked, createAttempting, Errand, Prepare } from './attempt.ts'
import { LONGEST_WAIT_MS, pauseAfter } from './backoff.ts'
import { type Place, walk } from './chain.ts'
import { type Circuit, createCircuit } from './circuit.ts'
import type { SoundLimits } from './transcribe.ts'

export type RouterLimits = SoundLimits & {
  /** Requests under way at one provider. */
  perProvider: number
}

const LIMITS: RouterLimits = {
  firstByteMs: 60_000,
  silenceMs: 60_000,
  attemptMs: 600_000,
  soundMs: 60_000,
  maxBytes: 64 * 1024 * 1024,
  maxCharacters: 2_000_000,
  perProvider: 8,
}

/** Tries of one model that fail on the way, of each question or recording. */
const TRIES = 3

type Attempt = ReturnType<typeof createAttempting>

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
  let attempting: Promise<Attempt> | undefined

  // The first question may as well wait for what it needs; many commands have none.
  const loadAttempting = async () => (await import('./attempt.ts')).createAttempting({ ...deps, sleep })

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
  async function tryOnce(errand: Errand, prepare: Prepare, asked: Omit<Asked, 'adapter'>) {
    const { provider } = asked.place.model
    const circuit = circuitOf(provider)
    if (circuit.opensInMs() > 0) return undefined
    const release = await turns.acquire(provider, errand.signal)
    let told: ReturnType<Circuit['enter']>
    try {
      const adapter = await adapterOf(provider)
      told = circuit.enter()
      if (told === undefined) return undefined
      attempting ??= loadAttempting()
      return await (await attempting)(errand, prepare, { ...asked, adapter }, told)
    } finally {
      told?.('unknown')
      release()
    }
  }

  /** All tries of one model. */
  async function askModel(errand: Errand, prepare: Prepare, place: Place, tally: Tally): Promise<Found | undefined> {
    const { provider, id } = place.model
    let failed = 0
    let correction: Asked['correction']
    while (true) {
      errand.signal.throwIfAborted()
      tally.attempts += 1
      const result = await tryOnce(errand, prepare, { place, number: tally.attempts, correction })
      if (result === undefined) {
        tally.attempts -= 1
        tally.retryIn(circuitOf(provider).opensInMs())
        return undefined
      }
      if (result.outcome === 'answered') return { output: result.output, provider, model: id }
      if (result.outcome === 'aborted') errand.signal.throwIfAborted()
      tally.saw(result.outcome, result.fault?.isOurs)
      if (result.complaints !== undefined) {
        if (correction !== undefined) return undefined
        correction = { answer: result.text, complaints: result.complaints }
        continue
      }
      const { passes = false, retryAfterMs } = result.fault ?? {}
      if (passes) tally.retryIn(retryAfterMs)
      failed += 1
      if (!passes || failed >= TRIES || (retryAfterMs ?? 0) > LONGEST_WAIT_MS) return undefined
      await sleep(pauseAfter(failed, retryAfterMs, random), errand.signal)
    }
  }

  /** All models of the chain. */
  async function askAll(errand: Errand, prepare: Prepare): Promise<Found> {
    const places = walk(registry, isConfigured, errand)
    if (places.length === 0) throw llmNotConfigured()
    const tally = createTally()
    for (const place of places) {
      try {
        const found = await askModel(errand, prepare, place, tally)
        if (found !== undefined) return found
      } catch (error) {
        // A model without a price is passed over, as the next one may have one.
        if (!(error instanceof Failure) || error.code !== 'llm.unpriced') throw error
        tally.attempts -= 1
        tally.unpriced = error
      }
    }
    throw tally.failure()
  }

  const tools = { ...deps, limits: allLimits }

  return {
    async ask(question) {
      const { output, ...who } = await askAll(question, async (asked, at) =>
        (await import('./ask.ts')).prepareQuestion(question, asked, { ...tools, at }),
      )
      return { output: output as Static<typeof question.schema>, ...who }
    },
    async transcribe(recording) {
      const { output, ...who } = await askAll(recording, async (asked, at) =>
        (await import('./transcribe.ts')).prepareRecording(recording, asked, { ...tools, at }),
      )
      return { segments: output as TimedText[], ...who }
    },
    chain: (action, strategy, allowed) =>
      walk(registry, isConfigured, { action, strategy, allowed }).map(({ model }) => model),
  }
}

/** What a model answered, of the shape that its errand makes sure of. */
type Found = { output: unknown; provider: Provider; model: string }

type Tally = ReturnType<typeof createTally>

const PASSING = ['rate_limited', 'server_error', 'timeout', 'network']

/** What the attempts of one errand came to. */
function createTally() {
  const outcomes = new Set<string>()
  let soonestMs: number | undefined
  let isPassing = false
  let isOurs = false

  return {
    attempts: 0,
    unpriced: undefined as Failure | undefined,
    saw(outcome: string, ours = false) {
      outcomes.add(outcome)
      if (ours) isOurs = true
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
      // Nobody has judged what was asked: that is no fault of whoever asks, and can be mended without them.
      if (isOurs && !outcomes.has('refused') && !outcomes.has('malformed')) return llmUnavailable()
      return [...outcomes].every((outcome) => outcome === 'malformed') ? llmMalformed() : llmRefused()
    },
  }
}

async function sleepFor(ms: number, signal?: AbortSignal): Promise<void> {
  await pause(ms, undefined, signal === undefined ? {} : { signal }).catch(() => signal?.throwIfAborted())
}
