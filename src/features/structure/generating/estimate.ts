import { requireCourse } from '#features/courses/index.ts'
import type { Caller } from '#kernel/caller.ts'
import type { Database } from '#platform/db/database.ts'
import { costOf } from '#platform/llm/price.ts'
import { mostCost } from '#platform/llm/router/price.ts'
import { NO_USAGE } from '#platform/llm/usage.ts'
import { outputLimit } from '../architect/limits.ts'
import type { ArchitectAction, ExpectedCall } from '../architect/port.ts'
import { noMaterials } from '../failures.ts'
import { findShown } from '../store.ts'
import { readBrief, readSources } from './brief.ts'
import { createCounting } from './counting.ts'
import { ACTIONS, type Choice, chooseEngine, type Models, noticeOf, STRATEGIES, type Strategy } from './engines.ts'
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
  /** About the most that one of the calls may cost: as much must be left of a budget, as it is set aside before. Null as above. */
  needsNanoUsd: bigint | null
  /** Why it is the outline engine, and what that means; null when it is not. */
  notice: string | null
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
          const unchanged = shown?.fingerprint === fingerprint
          const notice = noticeBefore(choice, shown?.generatedBy === 'llm')
          return { strategy, choice, unchanged, notice, name: nameOfCount(sources, choice, architect) }
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
    if (choice.engine === 'outline') return { ...sums, models: [], costNanoUsd: 0n, needsNanoUsd: 0n }
    const first = ACTIONS.flatMap((action) =>
      choice.chains[action].slice(0, 1).map(({ name }) => ({ action, model: name })),
    )
    return { ...sums, models: first, ...costOfCalls(choice, calls) }
  }

  function costOfCalls({ chains, windows }: Extract<Choice, { engine: 'llm' }>, calls: ExpectedCall[]) {
    const at = now()
    let [costNanoUsd, needsNanoUsd] = [0n, 0n]
    for (const { action, input, output } of calls) {
      const usage = { ...NO_USAGE, fresh: input, output }
      const [model] = chains[action]
      const price = model === undefined ? null : priceOf(model, usage, at)
      const expected = { ...usage, output: outputLimit(windows[action], { input, output }) }
      const inputBound = input * BYTES_OF_TOKEN + AROUND
      const most = model === undefined ? null : mostCost({ model, at, expected, inputBound }, priceOf)
      if (price === null || most === null) return { costNanoUsd: null, needsNanoUsd: null }
      costNanoUsd += costOf(usage, price)
      if (most > needsNanoUsd) needsNanoUsd = most
    }
    return { costNanoUsd, needsNanoUsd }
  }
}

/** What is set aside counts a token for every byte of the input, and a margin: Ukrainian prose has about 4.5 bytes in a token. */
const BYTES_OF_TOKEN = 5
const AROUND = 2_000

function noticeBefore(choice: Choice, isDowngrade: boolean): string | null {
  const notice = noticeOf(choice, 'would make')
  if (notice === null || !isDowngrade) return notice
  return `${notice} It replaces the structure that language models made only with replace_llm: true.`
}
