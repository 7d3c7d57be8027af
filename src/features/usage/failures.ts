import { Failure } from '#kernel/failure.ts'

/** Whose budget it is that holds no more: the tenant's own, or the whole installation's. */
export type BudgetScope = 'tenant' | 'installation'

const WHOSE = {
  tenant: "Your organisation's budget for language models is used up for this month.",
  installation: "This service's own limit for language models is reached for this month.",
}

export const budgetExceeded = (scope: BudgetScope = 'tenant') =>
  new Failure('payment_required', 'budget.exceeded', WHOSE[scope])

export const llmUnpriced = () =>
  new Failure(
    'conflict',
    'llm.unpriced',
    'The price of the language model is not known, so that no budget can be kept with it.',
  )
