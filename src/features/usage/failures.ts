import { Failure } from '#kernel/failure.ts'
import { usd } from '#kernel/money.ts'

/** Whose budget it is that holds no more: the tenant's own, or the whole installation's. */
export type BudgetScope = 'tenant' | 'installation'

/** A call that a budget has no room for, in nano-USD: the most that it may cost, and what is left. Of the installation's that is nobody's business. */
export type Shortage = { needs: bigint; left: bigint | null }

/** Nothing is left; or, of one call, less than it may cost. */
export const budgetExceeded = (scope: BudgetScope = 'tenant', shortage?: Shortage) =>
  new Failure(
    'payment_required',
    'budget.exceeded',
    shortage === undefined ? WHOSE[scope].usedUp : `${WHOSE[scope].left(shortage)} ${tooLittle(shortage)}`,
  )

/** As every request may meet it that spends: this is nothing that the tenant can change. */
export const installationExhausted = () => budgetExceeded('installation')

export const llmUnpriced = (model?: string) =>
  new Failure(
    'conflict',
    'llm.unpriced',
    `The price of the language model${model === undefined ? '' : ` ${model}`} is not known, so that no budget can be kept with it.`,
  )

const WHOSE = {
  tenant: {
    usedUp: "Your organisation's budget for language models is used up for this month.",
    left: ({ left }: Shortage) =>
      `What is left of your organisation's budget${left === null ? '' : ` (${usd(left)} USD)`}`,
  },
  installation: {
    usedUp: "This service's own limit for language models is reached for this month.",
    left: () => "What is left of this service's own limit for language models",
  },
}

const tooLittle = ({ needs }: Shortage) => `does not cover the most the next call may cost (${usd(needs)} USD).`
