import { type Static, Type } from 'typebox'
import { CourseParams, courseNotFound } from '#features/courses/index.ts'
import { usd } from '#kernel/money.ts'
import { type Api, Input, Nullable, OneOf } from '#platform/http/index.ts'
import { estimatesBusy, noMaterials } from '../failures.ts'
import type { createEstimator, StrategyEstimate } from '../generating/estimate.ts'
import { Strategy } from './strategy.ts'

const EstimateBody = Input(
  { strategy: Type.Optional(Strategy) },
  { title: 'EstimateStructure', examples: [{ strategy: 'default' }] },
)

const Usd = Type.String({ description: 'A decimal string of USD.', examples: ['0.0421'] })

const Budget = Type.Object(
  { limit_usd: Nullable(Usd), spent_usd: Usd, reserved_usd: Usd },
  { description: 'Of the running UTC month. A `limit_usd` of null is none.' },
)

const Engine = OneOf('llm', 'outline')

const Estimate = Type.Object(
  {
    engine: Type.Unsafe<'llm' | 'outline'>({ ...Engine, description: 'Who would make the structure.' }),
    unchanged: Type.Boolean({
      description: 'The structure that is shown is what would be made of it, by each strategy that was asked about.',
    }),
    strategies: Type.Array(
      Type.Object(
        {
          strategy: OneOf('default', 'quality', 'budget'),
          engine: Engine,
          unchanged: Type.Boolean({ description: 'Nothing is spent then, unless with `force`.' }),
          models: Type.Array(
            Type.Object({
              action: Type.String({ examples: ['material_analysis'] }),
              model: Type.String({ description: 'The one that is asked first.', examples: ['gemini-3.8-flash'] }),
            }),
          ),
          calls: Type.Integer(),
          tokens_in: Type.Integer(),
          tokens_out: Type.Integer(),
          cost_usd: Nullable(Usd),
          needs_usd: Type.Unsafe<string | null>({
            ...Nullable(Usd),
            description:
              'About the most that one of the calls may cost. As much must be left of the budget for it to begin, as it is set aside until the call has ended; several calls are made at once. Null like `cost_usd`.',
          }),
          unpriced: Type.Boolean({ description: 'The price of one of the models is not known: `cost_usd` is null.' }),
          notice: Type.Unsafe<string | null>({
            ...Nullable(Type.String()),
            description:
              'Why no language model would make it, and that `replace_llm` is needed where one has made what is shown.',
          }),
        },
        { title: 'StrategyEstimate' },
      ),
    ),
    budget: Budget,
  },
  { title: 'StructureEstimate' },
)

export type BudgetOf = (tenantId: string) => Promise<Static<typeof Budget>>

type Deps = { estimator: ReturnType<typeof createEstimator>; budgetOf: BudgetOf }

export function estimateStructureRoute(api: Api, { estimator, budgetOf }: Deps) {
  api.post(
    '/courses/:courseId/structure/estimate',
    {
      schema: {
        operationId: 'estimateStructure',
        summary: 'What generating the structure would cost',
        description:
          'Of the materials that are done, by each strategy unless one is named. No model is asked and nothing is spent. The figures are those of a first time, when each first model of its chain answers: what was bought before is not bought again, so that it may cost less.',
        tags: ['structure'],
        params: CourseParams,
        body: EstimateBody,
        response: { 200: Estimate },
      },
      config: { access: 'prep', bodyOptional: true, failures: [courseNotFound, noMaterials, estimatesBusy] },
    },
    async ({ caller, params, body }) => {
      const estimates = await estimator.estimate(caller, params.courseId, body.strategy)
      return {
        engine: estimates.some(({ engine }) => engine === 'llm') ? ('llm' as const) : ('outline' as const),
        unchanged: estimates.every(({ unchanged }) => unchanged),
        strategies: estimates.map(present),
        budget: await budgetOf(caller.tenantId),
      }
    },
  )
}

const present = ({ tokensIn, tokensOut, costNanoUsd, needsNanoUsd, ...estimate }: StrategyEstimate) => ({
  strategy: estimate.strategy,
  engine: estimate.engine,
  unchanged: estimate.unchanged,
  models: estimate.models,
  calls: estimate.calls,
  tokens_in: tokensIn,
  tokens_out: tokensOut,
  cost_usd: costNanoUsd === null ? null : usd(costNanoUsd),
  needs_usd: needsNanoUsd === null ? null : usd(needsNanoUsd),
  unpriced: costNanoUsd === null,
  notice: estimate.notice,
})
