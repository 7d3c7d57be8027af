import { Check } from 'typebox/value'
import { gate } from '../grading/gate.ts'
import type { Verdict } from '../grading/verdict.ts'
import type { Grading } from '../gradings-store.ts'
import { reasonOfFailure } from '../review-reasons.ts'
import type { Submission } from '../submission.ts'
import type { Asked } from './buy.ts'
import { type Reply, rejectedByGate } from './check-one.ts'
import { type Concluded, conclude } from './conclude.ts'
import { CheckReply, FeedbackReply } from './reply-schemas.ts'

type Recorded = Pick<Grading, 'kind' | 'provider' | 'model' | 'promptVersion' | 'questions' | 'replies'>

/**
 * What a recorded check comes to when it is judged again: code is given the replies that models gave then. The submission is as it was judged,
 * with its criteria. Pure, and the same as was kept.
 */
export function rejudge(grading: Recorded, submission: Submission): Concluded {
  const { exercise, language, answer: handedIn } = submission
  const gated = gate(typeof handedIn === 'string' ? handedIn : '', exercise.description)
  if ('rejected' in gated) {
    const { ending, verdicts } = rejectedByGate(submission, gated.rejected)
    return { ending, verdicts }
  }
  const replies = (grading.replies ?? []) as Reply[]
  const outputOf = (prompt: Reply['prompt']) =>
    replies.flatMap((reply) => (reply.prompt === prompt && 'output' in reply ? [reply.output] : []))[0]
  const [reply, rewritten] = [outputOf('check'), outputOf('feedback')]
  if (!Check(CheckReply, reply)) {
    const failure = replies.flatMap((one) => ('failure' in one ? [one.failure] : []))[0] ?? ''
    return { ending: { status: 'needs_review', result: null, reasons: [reasonOfFailure(failure)] }, verdicts: NONE }
  }
  const [first] = (grading.questions ?? []) as Asked[]
  return conclude({
    ...{ exercise, answer: gated.text, hidden: gated.hidden, language, reply },
    rewritten: Check(FeedbackReply, rewritten) ? rewritten : null,
    systems: first ? [first.system] : [],
    controls: first?.controls,
    scripts: first?.scripts,
    gradedBy: {
      kind: 'llm',
      model: `${grading.provider}/${grading.model}`,
      prompt_version: grading.promptVersion ?? null,
    },
  })
}

const NONE: Verdict[] = []
