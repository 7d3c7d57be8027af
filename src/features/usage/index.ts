import type { Database } from '#platform/db/database.ts'
import type { Api } from '#platform/http/index.ts'
import { createCostReports } from './report.ts'
import { costReportRoute } from './routes/cost-report.ts'
import { presentBudget } from './schemas.ts'

export { budgetExceeded, installationExhausted } from './failures.ts'
export { createLedgers, type LedgerOf, type Ledgers } from './ledgers.ts'
export { findAnswer, keepAnswer, pruneAnswers } from './paid/answers-store.ts'
export { fingerprintOf, fingerprintOfStep, nameOfModel } from './paid/fingerprint.ts'
export type { AskStep, Step, StepQuestion, StepRecording, TranscribeStep } from './paid/step.ts'
export { createSteps, type Steps } from './paid/steps.ts'
export type { Budget, CostReport, GroupSums } from './report.ts'
export { presentBudget, presentReport, presentRow } from './schemas.ts'
export { costOfJob } from './store.ts'

type Deps = { db: Pick<Database, 'forTenant' | 'asOperator'>; now: () => Date }

/** The ledger of language model calls, and what it adds up to. */
export function usageFeature(deps: Deps) {
  const reports = createCostReports(deps)
  return {
    reports,
    budgetOf: async (tenantId: string) => presentBudget(await reports.budgetOf(tenantId)),
    routes: (api: Api) => costReportRoute(api, { reports }),
  }
}
