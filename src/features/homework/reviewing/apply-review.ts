import { invalid } from '#kernel/failure.ts'
import { scoreOf } from '../grading/score.ts'
import type { Met, Result } from '../grading/verdict.ts'
import type { Review } from '../submission.ts'

/** What a person says of a submission. */
export type ReviewOrder = { reviewerId: string; criteria: { id: string; met: boolean }[]; comment: string | null }

/** A criterion before the person's word. `met`: what holds without it, null when nothing does; `model`: what a model said, if one did. */
export type Open = Omit<Result['criteria'][number], 'met'> & { met: Met | null; model: Met | null }

type Judged = { result: Result; differences: Review['differences'] }

/**
 * The result after a person's word: their verdicts where they gave one, what held before where they did not. What was said of
 * a verdict that they overrule goes with it, and so do the texts about the whole: their own comment is then the feedback. Throws a 422 for
 * criteria that are unknown or named twice, and for those of which nobody has said anything yet.
 */
export function applyReview(
  { criteria: said, comment }: Pick<ReviewOrder, 'criteria' | 'comment'>,
  { criteria, texts, passScore }: { criteria: readonly Open[]; texts: Texts | null; passScore: number },
): Judged {
  const word = new Map(said.map(({ id, met }) => [id, met]))
  refuse(said, criteria, word)
  const judged = criteria.map(({ model: _, met: before, ...criterion }) => {
    const own = word.get(criterion.id)
    const met: Met = own === undefined ? (before ?? 'unclear') : own ? 'met' : 'not_met'
    return before === null || before === met ? { ...criterion, met } : { ...criterion, met, comment: '' }
  })
  const isOverruled = criteria.some(({ met }, at) => met !== null && met !== judged[at]?.met)
  const { feedback = comment ?? '', strengths = [], recommendations = [] } = (isOverruled ? null : texts) ?? {}
  return {
    result: {
      ...scoreOf(judged, passScore),
      criteria: judged,
      ...{ feedback, strengths, recommendations },
      graded_by: { kind: 'human', model: null, prompt_version: null },
    },
    differences: judged.flatMap(({ id, met: human }, at) => {
      const model = criteria[at]?.model ?? null
      return model === null || model === human ? [] : [{ id, model, human }]
    }),
  }
}

export type Texts = Pick<Result, 'feedback' | 'strengths' | 'recommendations'>

function refuse(said: ReviewOrder['criteria'], criteria: readonly Open[], word: ReadonlyMap<string, boolean>) {
  const known = new Set(criteria.map(({ id }) => id))
  const names = [...known].join(', ')
  const unknown = said.findIndex(({ id }) => !known.has(id))
  if (unknown >= 0) throw invalid(`criteria.${unknown}.id`, `is no criterion of this submission; these are: ${names}`)
  const twice = said.findIndex(({ id }, at) => said.findIndex((other) => other.id === id) !== at)
  if (twice >= 0) throw invalid(`criteria.${twice}.id`, 'is named twice')
  if (criteria.some(({ id, met }) => met === null && !word.has(id)))
    throw invalid('criteria', `must name every criterion, as nothing was said of them yet: ${names}`)
}
