import { requireCourse } from '#features/courses/index.ts'
import type { Caller } from '#kernel/caller.ts'
import type { Database } from '#platform/db/database.ts'
import { costOf } from '#platform/llm/price.ts'
import { NO_USAGE } from '#platform/llm/usage.ts'
import type { ArchitectAction, ExpectedCall } from '../architect/port.ts'
import { noMaterials } from '../failures.ts'
import { findShown } from '../store.ts'
import { readBrief, readSources } from './brief.ts'
import { createCounting } from './counting.ts'
import { ACTIONS, type Chains, type Choice, chooseEngine, type Models, STRATEGIES, type Strategy } from './engines.ts'
import { fingerprintOfStructure, nameOfCount } from './fingerprint.ts'

/** What generating would take, as far as that can be known before. */
export type StrategyEstimate = {
  strategy: Strategy
  engine: 'llm' | 'outline'
  /** The structure that is shown is what it would make: then nothing is bought. */
  unchanged: boolean
  /** Which model is asked first, by action. */
  models: { action: ArchitectAction; model: string }[]
  calls: number
  tokensIn: number
  tokensOut: number
  /** Null when the price of one of the models is not known. */
  costNanoUsd: bigint | null
}

type Deps = { db: Pick<Database, 'forTenant'>; models: Models; now: () => Date }

/** Says what generating would cost, without asking any model. Throws `course.not_found`, `structure.no_materials`, `structure.estimates_busy`. */
export function createEstimator({ db, models, now }: Deps) {
  const { llm, architect, countCalls, ledgers, priceOf } = models
  const count = createCounting(countCalls)

  return {
    async estimate({ tenantId }: Caller, courseId: string, strategy?: Strategy): Promise<StrategyEstimate[]> {
      const { sources, choices } = await db.forTenant(tenantId, async (tx) => {
        const course = await requireCourse(tx, courseId)
        const sources = await readSources(tx, course)
        if (sources.materials.length === 0) throw noMaterials()
        const [shown, allowed] = [await findShown(tx, course), await ledgers.providersOf(tx)]
        const choices = (strategy === undefined ? STRATEGIES : [strategy]).map((strategy) => {
          const choice = chooseEngine(llm, strategy, allowed)
          const fingerprint = fingerprintOfStructure(sources, choice, architect)
          const unchanged = fingerprint !== null && shown?.fingerprint === fingerprint
          return { strategy, choice, unchanged, name: nameOfCount(sources, choice, architect) }
        })
        return { sources, choices }
      })
      // Strategies whose models hold as much ask the same.
      const wanted = new Map(
        choices.flatMap(({ name, choice }) => ('windows' in choice ? [[name, choice.windows]] : [])),
      )
      const counted =
        wanted.size === 0
          ? new Map<string, ExpectedCall[]>()
          : await count({ tenantId, wanted, readBrief: () => db.forTenant(tenantId, (tx) => readBrief(tx, sources)) })
      return choices.map(({ choice, name, ...about }) => ({ ...about, ...expect(choice, counted.get(name) ?? []) }))
    },
  }

  function expect(choice: Choice, calls: ExpectedCall[]) {
    const tokensIn = calls.reduce((sum, { input }) => sum + input, 0)
    const tokensOut = calls.reduce((sum, { output }) => sum + output, 0)
    const sums = { engine: choice.engine, calls: calls.length, tokensIn, tokensOut }
    if (choice.engine === 'outline') return { ...sums, models: [], costNanoUsd: 0n }
    const first = ACTIONS.flatMap((action) =>
      choice.chains[action].slice(0, 1).map(({ name }) => ({ action, model: name })),
    )
    return { ...sums, models: first, costNanoUsd: costOfCalls(choice.chains, calls) }
  }

  function costOfCalls(chains: Chains, calls: ExpectedCall[]): bigint | null {
    let total = 0n
    for (const { action, input, output } of calls) {
      const usage = { ...NO_USAGE, fresh: input, output }
      const [model] = chains[action]
      const price = model === undefined ? null : priceOf(model, usage, now())
      if (price === null) return null
      total += costOf(usage, price)
    }
    return total
  }
}
