import type { TenantTx } from '#platform/db/database.ts'
import type { Result, Verdict } from './grading/verdict.ts'
import type { SubmissionStatus } from './submission.ts'

/** One judgement of a submission, with all that it rests on: kept for whoever has to defend it. */
export type Grading = {
  id: string
  tenantId: string
  courseId: string
  submissionId: string
  kind: 'llm' | 'answer_key' | 'gate' | 'human'
  provider?: string
  model?: string
  promptVersion?: string
  /** Word by word what was asked, and what came back. */
  questions?: unknown[]
  replies?: unknown[]
  verdicts?: readonly Verdict[]
  status: SubmissionStatus
  result: Result | null
  reviewerId?: string
  comment?: string | null
  differences?: unknown[]
}

/** Writes one down; it is never changed. */
export async function insertGrading(tx: TenantTx, grading: Grading): Promise<void> {
  await tx
    .insertInto('gradings')
    .values({
      id: grading.id,
      tenant_id: grading.tenantId,
      course_id: grading.courseId,
      submission_id: grading.submissionId,
      kind: grading.kind,
      provider: grading.provider ?? null,
      model: grading.model ?? null,
      prompt_version: grading.promptVersion ?? null,
      questions: JSON.stringify(grading.questions ?? []),
      replies: JSON.stringify(grading.replies ?? []),
      verdicts: JSON.stringify(grading.verdicts ?? []),
      status: grading.status,
      result: grading.result === null ? null : JSON.stringify(grading.result),
      reviewer_id: grading.reviewerId ?? null,
      comment: grading.comment ?? null,
      differences: grading.differences === undefined ? null : JSON.stringify(grading.differences),
    })
    .execute()
}
