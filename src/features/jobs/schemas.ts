import { Type } from 'typebox'
import { Id, Input, Nullable, OneOf, Timestamp } from '#platform/http/index.ts'
import type { Job } from './jobs.ts'

export const JobParams = Input({ jobId: Id })

export const JobBody = Type.Object(
  {
    id: Id,
    kind: Type.String({ examples: ['generate_structure'] }),
    course_id: Nullable(Id),
    status: OneOf('queued', 'running', 'done', 'error', 'cancelled'),
    progress: Type.Number({ minimum: 0, maximum: 1 }),
    result: Nullable(
      Type.Object(
        {},
        {
          additionalProperties: true,
          description:
            'What came of it. Of `generate_structure`: `version`, `generated_by`, and how many `modules`, `lessons`, `concepts` and `exercises` there are; `strategy`, `models` and `cost_usd`; further `dropped`, `unchanged`, `unpriced_calls` or `notice` (see there).',
        },
      ),
    ),
    error: Nullable(
      Type.Object(
        { code: Type.String({ examples: ['budget.exceeded'] }), message: Type.String() },
        {
          description:
            'Of language models: `budget.exceeded`, `llm.unpriced` (no budget can be kept with a model whose price is unknown), `llm.refused`, `llm.malformed`, `llm.not_configured`, and `llm.unavailable` after several tries; docs/language-models.md says of each who can do what. Further `structure.would_downgrade` and the other codes of the request that began it.',
        },
      ),
    ),
    last_error: Nullable(
      Type.Object(
        { code: Type.String({ examples: ['llm.unavailable'] }), message: Type.String() },
        { description: 'Why the attempt before failed, while it waits for another or is at it.' },
      ),
    ),
    retry_at: Nullable(
      Type.String({ format: 'date-time', description: 'When it is tried again; null unless it waits for that.' }),
    ),
    created_at: Timestamp,
    finished_at: Nullable(Timestamp),
  },
  { title: 'Job' },
)

export function presentJob({ id, kind, courseId, status, progress, result, error, ...job }: Job) {
  return {
    id,
    kind,
    course_id: courseId,
    status,
    progress,
    result: (result ?? null) as Record<string, unknown> | null,
    error,
    last_error: job.lastError,
    retry_at: job.retryAt?.toISOString() ?? null,
    created_at: job.createdAt.toISOString(),
    finished_at: job.finishedAt?.toISOString() ?? null,
  }
}
