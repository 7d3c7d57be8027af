import { createLeakCheck } from '#platform/llm/leaks.ts'
import { judge } from '../grading/judge.ts'
import { languageOf } from '../grading/language.ts'
import type { GradedBy, JudgedExercise, Judgement, Result, Verdict } from '../grading/verdict.ts'
import type { Ending } from '../submission.ts'
import type { Control } from './control.ts'
import type { CheckReply, FeedbackReply } from './reply-schemas.ts'
import { createGuard, type Guard, readable, type Texts, textsOf, textsOfCheck, withoutWords } from './texts.ts'

/** What a check came to, before anything of it is written down. */
export type Concluded = { ending: Ending; verdicts: Verdict[] }

export type Judging = {
  exercise: JudgedExercise
  /** After the gate, with what that has taken out. */
  answer: string
  hidden: number
  /** Of the feedback, if one was asked for. */
  language: string | null
  reply: CheckReply
  /** Written anew; null when there was no need, or when it came to nothing. */
  rewritten: FeedbackReply | null
  /** What models were told, which nobody else is. */
  systems: readonly string[]
  /** Criteria that were asked among the others and that no answer fulfils. The student reads nothing of them. */
  controls: readonly Control[] | undefined
  /** That an answer may be in; undefined where nobody looked. */
  scripts: readonly string[] | undefined
  gradedBy: GradedBy
}

/** What of a reply must not be read as it stands: its texts, and the passages. Undefined when there is nothing. */
export function leakOf(judging: Omit<Judging, 'rewritten' | 'gradedBy' | 'hidden' | 'scripts'>): Leak | undefined {
  if (!judging.reply.is_attempt) return undefined
  const texts = textsFor(judging)
  const leaked = guardOf(judging).leaked(texts)
  return leaked.length === 0 ? undefined : { texts, leaked }
}

export type Leak = { texts: Texts; leaked: string[] }

/** Makes of replies what the student gets. Pure: the same replies give the same result at any time. */
export function conclude(judging: Judging): Concluded {
  const { exercise, answer, hidden, language, reply, rewritten, controls = [], scripts, gradedBy } = judging
  const guard = guardOf(judging)
  const words = WORDS[languageOf(language, answer)]
  if (!reply.is_attempt) {
    const reason = withoutWords(justOne(readable(reply.refusal_reason, 1_000)), wordsOf(controls))
    const message = guard.cut(reason).feedback || words.noAttempt
    const error = { code: 'answer.not_an_attempt', message }
    return { ending: { status: 'rejected', result: null, error }, verdicts: [] }
  }
  const texts = readTexts(guard, judging, rewritten)
  const { verdicts, reasons, score, passed, verdict } = judge({
    exercise,
    answer,
    judgements: reply.judgements.map((judgement) => withComment(judgement, texts)),
    hidden,
    controls: controls.map(({ id }) => id),
    scripts,
  })
  const result: Result = {
    ...{ score, passed, verdict },
    criteria: verdicts.map(({ changed: _, ...criterion }) => criterion),
    feedback: texts.feedback || words.noFeedback,
    strengths: texts.strengths,
    recommendations: texts.recommendations,
    graded_by: gradedBy,
  }
  const ending: Ending = reasons.length > 0 ? { status: 'needs_review', result, reasons } : { status: 'done', result }
  return { ending, verdicts }
}

/** What a student may read of, were there no leaks: as a control is no criterion, nothing is said of it. */
function textsFor({ reply, controls = [] }: Pick<Judging, 'reply' | 'controls'>): Texts {
  const judgements = reply.judgements.filter(({ id }) => !controls.some((control) => control.id === id))
  return withoutWords(textsOfCheck({ ...reply, judgements }), wordsOf(controls))
}

const wordsOf = (controls: readonly Control[]) => controls.map(({ word }) => word)

function readTexts(guard: Guard, judging: Pick<Judging, 'reply' | 'controls'>, rewritten: FeedbackReply | null): Texts {
  const first = textsFor(judging)
  if (rewritten === null) return guard.cut(first)
  const second = textsOf(rewritten)
  // A comment that was not written anew stays, as far as it may be read.
  return guard.cut({ ...second, comments: new Map([...first.comments, ...second.comments]) })
}

const withComment = ({ id, met, quote }: CheckReply['judgements'][number], { comments }: Texts): Judgement => ({
  ...{ id, met, quote },
  comment: comments.get(id) ?? '',
})

const justOne = (feedback: string): Texts => ({ feedback, strengths: [], recommendations: [], comments: new Map() })

function guardOf({ exercise, answer, systems }: Pick<Judging, 'exercise' | 'answer' | 'systems'>): Guard {
  const { description, referenceSolution, criteria } = exercise
  return createGuard({
    solution: referenceSolution,
    known: [answer, description, ...criteria.map(({ text }) => text)],
    leaksPrompt: createLeakCheck(systems),
  })
}

const WORDS = {
  uk: {
    noAttempt: 'Ця відповідь не є спробою виконати завдання.',
    noFeedback: 'Перегляньте оцінку за кожним критерієм.',
  },
  en: {
    noAttempt: 'This answer is no attempt at the task.',
    noFeedback: 'See how each criterion was judged.',
  },
}
