import { type Static, Type } from 'typebox'
import { Id, Nullable, PageOf } from '#platform/http/index.ts'
import type { Quality } from './quality.ts'

const Count = Type.Integer({ minimum: 0 })

const GradingQuality = Type.Object(
  {
    exercise_id: Id,
    reviews: Type.Integer({ minimum: 1, description: 'Submissions that a person has reviewed.' }),
    criteria: Type.Array(
      Type.Object({
        id: Type.String(),
        criterion: Type.String(),
        reviewed: Type.Integer({
          minimum: 1,
          description:
            'Submissions of which both a model and a person have judged it. What a review leaves as it was counts as agreed.',
        }),
        unclear: Type.Integer({ minimum: 0, description: 'Of these, those that the model could not decide.' }),
        disagreed: Count,
        disagreement_share: Nullable(
          Type.Number({
            minimum: 0,
            maximum: 1,
            description: 'Of what the model decided; null when it decided nothing.',
          }),
        ),
        met_to_not_met: Type.Integer({ minimum: 0, description: 'The model said met, the person not.' }),
        not_met_to_met: Type.Integer({ minimum: 0, description: 'The model said not met, the person met.' }),
      }),
    ),
  },
  { title: 'GradingQuality' },
)

export const GradingQualityPage = PageOf(GradingQuality, 'GradingQualityPage')

export const RegradeStarted = Type.Object({ job_id: Id }, { title: 'RegradeStarted' })

export function presentQuality({ id, reviews, criteria }: Quality): Static<typeof GradingQuality> {
  return {
    exercise_id: id,
    reviews,
    criteria: criteria.map(({ id, criterion, reviewed, unclear, metToNot, notToMet }) => {
      const [disagreed, decided] = [metToNot + notToMet, reviewed - unclear]
      return {
        ...{ id, criterion, reviewed, unclear, disagreed },
        disagreement_share: decided === 0 ? null : disagreed / decided,
        ...{ met_to_not_met: metToNot, not_met_to_met: notToMet },
      }
    }),
  }
}
