import { type Static, Type } from 'typebox'
import { Nullable, OneOf, Input as Strict } from '#platform/http/index.ts'

// What the model may answer. Every field is required and nothing else is allowed, as the strictest provider wants it. What is within these
// limits is bounded again where it means something (texts.ts).

const Text = (maxLength: number) => Type.String({ maxLength })

const Points = Type.Array(Text(2_000), { maxItems: 20 })

/** Of one answer. */
export const CheckReply = Strict({
  is_attempt: Type.Boolean({ description: 'Whether the answer tries to do the task at all, however badly' }),
  refusal_reason: Text(2_000),
  judgements: Type.Array(
    Strict({
      id: Text(100),
      met: OneOf('met', 'not_met', 'unclear'),
      quote: Nullable(Type.String({ maxLength: 2_000, description: "The student's own words, letter by letter" })),
      comment: Text(4_000),
    }),
    { maxItems: 100 },
  ),
  feedback: Text(10_000),
  strengths: Points,
  recommendations: Points,
})

/** Of an exercise's free text. */
export const CriteriaReply = Strict({
  criteria: Type.Array(
    Strict({ text: Text(2_000), weight: Type.Integer({ minimum: 1, maximum: 3 }), required: Type.Boolean() }),
    { minItems: 1, maxItems: 12 },
  ),
})

/** Of a feedback that gave the solution away. */
export const FeedbackReply = Strict({
  feedback: Text(10_000),
  strengths: Points,
  recommendations: Points,
  comments: Type.Array(Strict({ id: Text(100), comment: Text(4_000) }), { maxItems: 100 }),
})

export type CheckReply = Static<typeof CheckReply>
export type CriteriaReply = Static<typeof CriteriaReply>
export type FeedbackReply = Static<typeof FeedbackReply>
