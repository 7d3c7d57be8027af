import { readFile } from 'node:fs/promises'
import { picturePromptOf, type ReadingModels } from '#features/materials/index.ts'
import { type Models, openArchitect, STRATEGIES } from '#features/structure/index.ts'
import { createLedgers } from '#features/usage/index.ts'
import type { Database } from '#platform/db/database.ts'
import type { Llm, PriceOf, Prompt } from '#platform/llm/index.ts'
import { NO_USAGE } from '#platform/llm/usage.ts'
import type { Log } from '#platform/log/index.ts'
import type { Config } from './config.ts'
import { describeError } from './describe-error.ts'
import { LLM_REGISTRY, PROMPTS } from './paths.ts'

/** Language models, wired: who is asked, what is asked, and who pays. */
export type LanguageModels = Models & ReadingModels & { prompts: ReadonlyMap<string, Prompt> }

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
    import('#platform/llm/registry/read-registry.ts'),
  ])
  const text = await readFile(registryFile, 'utf8').catch((error: unknown) => {
    throw new Error(`The registry of language models cannot be read: ${describeError(error)}`, { cause: error })
  })
  // What a price says of where it comes from is kept for ever: of our own file not where it lies on this machine.
  const source = registryFile === LLM_REGISTRY ? 'config/llm.yaml' : registryFile
  const registry = readRegistry(text, { actions: ACTIONS, strategies: STRATEGIES, source })
  const prompts = await readPrompts(PROMPTS)
  const engine = await openArchitect(prompts)
  const ledgers = createLedgers({ db, log, installationLimitNanoUsd: monthlyLimitNanoUsd })
  const priceOf = Object.keys(keys).length > 0 ? await loadPriceList() : () => null
  const [now, random] = [() => new Date(), Math.random]
  const llm = createLlm({ registry, keys, priceOf, now, random, log, ...(sleep ? { sleep } : {}) })
  for (const { name, actions } of unpricedModels(llm, priceOf, now())) {
    const whom = monthlyLimitNanoUsd === null ? 'tenants with a budget' : 'as LLM_MONTHLY_LIMIT_USD is set, tenants'
    log.warn({ model: name, actions }, `${name} has no price: ${whom} cannot use it.`)
  }
  return { llm, ...engine, ledgers, priceOf, prompts, picturePrompt: picturePromptOf(prompts) }
}

/** The models that may come to be asked although nobody knows what they cost, and what for. */
function unpricedModels(llm: Pick<Llm, 'chain'>, priceOf: PriceOf, at: Date) {
  const unpriced = new Map<string, Set<string>>()
  for (const action of ACTIONS) {
    const usage = action === 'transcription' ? { milliseconds: 1_000 } : { fresh: 1_000, output: 1_000 }
    for (const model of STRATEGIES.flatMap((strategy) => llm.chain(action, strategy, null))) {
      if (priceOf(model, { ...NO_USAGE, ...usage }, at) !== null) continue
      unpriced.set(model.name, (unpriced.get(model.name) ?? new Set()).add(action))
    }
  }
  return [...unpriced].map(([name, actions]) => ({ name, actions: [...actions] }))
}

// It takes a while, and without a provider nothing has a price.
const loadPriceList = async () => (await import('#platform/llm/registry/price-list.ts')).loadPrices()

/** None at all, for an API that is only described or tested: nothing is read. */
export function withoutLanguageModels({ db, log }: Pick<Options, 'db' | 'log'>): LanguageModels {
  const never = () => {
    throw new Error('There is no language model.')
  }
  return {
    llm: { chain: () => [], ask: async () => never(), transcribe: async () => never() },
    architect: { build: async () => never(), version: '' },
    countCalls: async () => never(),
    ledgers: createLedgers({ db, log, installationLimitNanoUsd: null }),
    priceOf: () => null,
    prompts: new Map(),
    picturePrompt: { version: '', text: '' },
  }
}
