import type { Api, Once } from '#platform/http/index.ts'
import { submissionNotFound } from '../../failures.ts'
import { presentSubmission } from '../../present.ts'
import { ReviewBody, SubmissionBody, SubmissionParams } from '../../schemas.ts'
import type { Submission } from '../../submission.ts'
import type { createReviews } from '../review.ts'

type Deps = { review: ReturnType<typeof createReviews>; once: Once }

export function reviewSubmissionRoute(api: Api, { review, once }: Deps) {
  api.post(
    '/submissions/:submissionId/review',
    {
      schema: {
        operationId: 'reviewSubmission',
        summary: "Put a person's word in the place of the model's",
        description:
          "A person's word wins over everything, whatever the submission's status: a check that still runs writes nothing over it. Criteria that are not named keep the verdict they have; where there is none, as of a submission that was rejected, every criterion must be named. The score is computed anew. Reviewed again, the latest word holds, and all of them are kept.",
        tags: ['homework'],
        params: SubmissionParams,
        body: ReviewBody,
        response: { 200: SubmissionBody },
      },
      config: { access: 'check', idempotent: true, failures: [submissionNotFound] },
    },
    (request, reply) => {
      const { reviewer_id: reviewerId, criteria, comment = null } = request.body
      return once<Submission>(request, reply, {
        work: (settle) =>
          review(request.caller, request.params.submissionId, { reviewerId, criteria, comment }, settle),
        answer: (submission) => ({ status: 200, body: presentSubmission(submission) }),
      })
    },
  )
}
