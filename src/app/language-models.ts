import { readFile } from 'node:fs/promises'
import { type Models, openArchitect, STRATEGIES } from '#features/structure/index.ts'
import { createLedgers } from '#features/usage/index.ts'
import type { Database } from '#platform/db/database.ts'
import type { Log } from '#platform/log/index.ts'
import type { Config } from './config.ts'
import { describeError } from './describe-error.ts'
import { LLM_REGISTRY, PROMPTS } from './paths.ts'

/** Language models, wired: who is asked, what is asked, and who pays. */
export type LanguageModels = Models

type Options = {
  config: Pick<Config, 'llm'>
  db: Database
  log: Log
  /** Waits before another try. */
  sleep?: (ms: number, signal?: AbortSignal) => Promise<void>
}

/** What language models are asked for, now or soon. */
const ACTIONS = [
  'course_structuring',
  'material_analysis',
  'presentation_analysis',
  'transcription',
  'homework_check',
] as const

/** Reads the registry and the prompts; throws one clear Error when either is wrong. No provider is asked, and no package of one loaded. */
export async function openLanguageModels({ config, db, log, sleep }: Options): Promise<LanguageModels> {
  const { keys, monthlyLimitNanoUsd, registryFile } = config.llm
  const [{ createLlm, readPrompts }, { readRegistry }] = await Promise.all([
    import('#platform/llm/index.ts'),
    import('#platform/llm/read-registry.ts'),
  ])
  const text = await readFile(registryFile, 'utf8').catch((error: unknown) => {
    throw new Error(`The registry of language models cannot be read: ${describeError(error)}`, { cause: error })
  })
  // What a price says of where it comes from is kept for ever: of our own file not where it lies on this machine.
  const source = registryFile === LLM_REGISTRY ? 'config/llm.yaml' : registryFile
  const registry = readRegistry(text, { actions: ACTIONS, strategies: STRATEGIES, source })
  const engine = await openArchitect(await readPrompts(PROMPTS))
  const ledgers = createLedgers({ db, log, installationLimitNanoUsd: monthlyLimitNanoUsd })
  const priceOf = Object.keys(keys).length > 0 ? await loadPriceList() : () => null
  const [now, random] = [() => new Date(), Math.random]
  const llm = createLlm({ registry, keys, priceOf, now, random, log, ...(sleep ? { sleep } : {}) })
  return { llm, ...engine, ledgers, priceOf }
}

// It takes a while, and without a provider nothing has a price.
const loadPriceList = async () => (await import('#platform/llm/price-list.ts')).loadPrices()

/** None at all, for an API that is only described or tested: nothing is read. */
export function withoutLanguageModels({ db, log }: Pick<Options, 'db' | 'log'>): LanguageModels {
  const never = () => {
    throw new Error('There is no language model.')
  }
  return {
    llm: { chain: () => [], ask: async () => never() },
    architect: { build: async () => never(), version: '' },
    countCalls: async () => never(),
    ledgers: createLedgers({ db, log, installationLimitNanoUsd: null }),
    priceOf: () => null,
  }
}
