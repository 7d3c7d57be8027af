import type { Ledgers } from '#features/usage/index.ts'
import type { Llm, Model } from '#platform/llm/index.ts'
import type { PriceOf } from '#platform/llm/registry/price-list.ts'
import type { createArchitect } from '../architect/index.ts'
import type { ArchitectAction, Window, Windows } from '../architect/port.ts'
import { wouldDowngrade } from '../failures.ts'
import type { Version } from '../store.ts'
import type { CountCalls } from './background-estimate.ts'

export type Strategy = 'default' | 'quality' | 'budget'

export const STRATEGIES: readonly Strategy[] = ['default', 'quality', 'budget']

export const ACTIONS: readonly ArchitectAction[] = ['material_analysis', 'course_structuring']

/** The engine that asks language models. Its `version` is another one whenever it would ask differently about the same materials. */
export type Architect = Pick<ReturnType<typeof createArchitect>, 'build' | 'version'>

/** Language models, as generating needs them: what asks, what is asked, and who pays. */
export type Models = {
  llm: Llm
  architect: Architect
  countCalls: CountCalls
  ledgers: Ledgers
  priceOf: PriceOf
}

export type Chains = Record<ArchitectAction, readonly Model[]>

/** Who makes a course's structure. `why` it is not a language model: a sentence without its full stop. */
export type Choice = { engine: 'llm'; chains: Chains; windows: Windows } | { engine: 'outline'; why: string }

const NOT_CONFIGURED = 'No language model is configured'
const NOT_ALLOWED = 'None of the language models that your organisation allows can do this'

/** What a structure's maker is told about it: `verb` is `made`, or `would make`. */
export const noticeOf = (choice: Choice, verb = 'made'): string | null =>
  choice.engine === 'outline' ? `${choice.why}: the outline engine ${verb} this.` : null

/** Throws `structure.would_downgrade` where the outline engine would replace what language models made, unless that is wanted. */
export function refuseDowngrade(choice: Choice, shown: Pick<Version, 'generatedBy'> | undefined, replaceLlm: boolean) {
  if (choice.engine === 'outline' && shown?.generatedBy === 'llm' && !replaceLlm) throw wouldDowngrade(choice.why)
}

/** The architect where there are models for all of its actions among the `allowed` providers (null: any), else the outline engine. */
export function chooseEngine(llm: Pick<Llm, 'chain'>, strategy: Strategy, allowed: readonly string[] | null): Choice {
  const chains = chainsOf(llm, strategy, allowed)
  if (chains !== undefined) return { engine: 'llm', chains, windows: windowsOf(chains) }
  const isConfigured = allowed !== null && chainsOf(llm, strategy, null) !== undefined
  return { engine: 'outline', why: isConfigured ? NOT_ALLOWED : NOT_CONFIGURED }
}

/** Whether none of the models costs anything, however much is asked. Only the registry's own prices may say so. */
export const isFree = (chains: Chains) =>
  ACTIONS.every((action) =>
    chains[action].every(
      ({ prices = [] }) =>
        prices.length > 0 &&
        prices.every(({ price: { input, output, cacheRead, cacheWrite, hour } }) =>
          [input, output, cacheRead, cacheWrite, hour].every((amount) => amount === 0n),
        ),
    ),
  )

function chainsOf(llm: Pick<Llm, 'chain'>, strategy: Strategy, allowed: readonly string[] | null): Chains | undefined {
  const chains: Chains = {
    material_analysis: llm.chain('material_analysis', strategy, allowed),
    course_structuring: llm.chain('course_structuring', strategy, allowed),
  }
  return ACTIONS.every((action) => chains[action].length > 0) ? chains : undefined
}

const windowsOf = (chains: Chains): Windows => ({
  material_analysis: smallest(chains.material_analysis),
  course_structuring: smallest(chains.course_structuring),
})

// Whichever of them comes to be asked, it has to fit.
const smallest = (models: readonly Model[]): Window => ({
  contextWindow: Math.min(...models.map((model) => model.contextWindow)),
  maxOutput: Math.min(...models.map((model) => model.maxOutput)),
})
