import type { Ledgers } from '#features/usage/index.ts'
import type { TenantTx } from '#platform/db/database.ts'
import type { Llm } from '#platform/llm/llm.ts'
import { llmNotConfigured } from './failures.ts'

export type ModelDeps = { llm: Pick<Llm, 'chain'>; ledgers: Pick<Ledgers, 'providersOf' | 'requireBudget'> }

/** Throws the Failures `llm.not_configured` and `budget.exceeded` when no model could be asked now. */
export async function requireModels(tx: TenantTx, { llm, ledgers }: ModelDeps): Promise<void> {
  const allowed = await ledgers.providersOf(tx)
  if (llm.chain('homework_check', 'default', allowed).length === 0) throw llmNotConfigured()
  await ledgers.requireBudget(tx)
}
