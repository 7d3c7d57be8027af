import { folded } from './folding.ts'
import { instructionsIn, overlap } from './instructions.ts'
import { quotesIn, type Span } from './quotes.ts'
import { scoreOf } from './score.ts'
import { isForeign } from './script.ts'
import type { Doubt, JudgedExercise, Judgement, ReviewReason, ReviewReasonCode, Score, Verdict } from './verdict.ts'

export type Judged = Score & {
  verdicts: Verdict[]
  needsReview: boolean
  reasons: ReviewReason[]
  instructions: Span[]
}

type Input = {
  exercise: Pick<JudgedExercise, 'criteria' | 'passScore'> & Partial<Pick<JudgedExercise, 'description'>>
  /** What the model was shown, after the gate. */
  answer: string
  judgements: readonly Judgement[]
  /** Characters that the gate took out because nobody could have seen them. */
  hidden?: number
  /**
   * Ids of criteria that were asked among the others and that no answer fulfils, such as one that wants a fresh random word. Who says that
   * one of them is met obeys somebody or did not read: it is believed in nothing.
   */
  controls?: readonly string[]
  /** Those that the task and what surrounds it use; without them nobody looks. */
  scripts?: readonly string[] | undefined
}

/** Characters of a quote that is shown; what was compared may be longer. */
const SHOWN = 200

/**
 * Makes verdicts of what a model says. Its `met` holds only with a quote that stands in the answer, is more than the task's own words, and only when nothing in the answer speaks
 * to the grader: a model that has read an order is no witness, whatever it quotes, so that its `met` waits, as `unclear`, for a person. What it
 * said twice with different verdicts, or not at all, is unclear as well, and so is all of it when it says that a control is met, or
 * when a part of the answer is in a script that nobody here reads. A person has to look when a required criterion is unclear, or when the
 * answer tried to speak to the grader, in the open or hidden. The same input always gives the same verdicts, in any order of judgements.
 */
export function judge({ exercise, answer, judgements, hidden = 0, controls = [], scripts }: Input): Judged {
  const instructions = instructionsIn(answer)
  const find = quotesIn(answer)
  const isOfTask = ofTask(exercise)
  const isCredulous = judgements.some(({ id, met }) => met === 'met' && controls.includes(id))
  const isUnread = scripts !== undefined && isForeign(answer, scripts)
  const verdicts = exercise.criteria.map(({ id, text: criterion, weight, required }): Verdict => {
    const about = { id, criterion, weight, required }
    const said = judgements.filter((judgement) => judgement.id === id).map((judgement) => examine(judgement, find))
    const first = said.toSorted(better)[0]
    if (first === undefined || said.some(({ met }) => met !== first.met)) {
      const comment = first?.comment ?? ''
      return { ...about, met: 'unclear', quote: null, comment, changed: { from: 'unclear', why: 'not_judged' } }
    }
    const { met, places, comment } = first
    const why = met === 'met' ? doubt(first, { instructions, isCredulous, isUnread, isOfTask }) : undefined
    return {
      ...about,
      met: why ? 'unclear' : met,
      quote: shown(answer, places),
      comment,
      changed: why ? { from: met, why } : null,
    }
  })
  const reasons: ReviewReason[] = [
    ...whole('answer.addresses_grader', instructions.length > 0),
    ...whole('answer.hidden_characters', hidden > 0),
    ...whole('answer.foreign_script', isUnread),
    ...whole('model.control_met', isCredulous),
    ...unclear(verdicts),
  ]
  return { ...scoreOf(verdicts, exercise.passScore), verdicts, needsReview: reasons.length > 0, reasons, instructions }
}

const whole = (code: ReviewReasonCode, holds: boolean): ReviewReason[] => (holds ? [{ code, criteria: [] }] : [])

/** The required criteria of which nobody knows whether they are met, by what is wrong. */
function unclear(verdicts: readonly Verdict[]): ReviewReason[] {
  const open = verdicts.filter(({ met, required }) => required && met === 'unclear')
  return UNCLEAR.flatMap(([why, code]) => {
    const criteria = open.filter(({ changed }) => (changed?.why ?? null) === why).map(({ id }) => id)
    return criteria.length === 0 ? [] : [{ code, criteria }]
  })
}

// The other doubts come with a reason that is about the whole.
const UNCLEAR: readonly [Doubt | null, ReviewReasonCode][] = [
  [null, 'criterion.unclear'],
  ['not_judged', 'criterion.not_judged'],
  ['quote_missing', 'criterion.quote_missing'],
  ['quote_not_found', 'criterion.quote_not_found'],
  ['quote_is_task', 'criterion.quote_is_task'],
]

/** Words in a row that are the task's own say nothing of what a student knows. Fewer may be a term that both have to use. */
const TASK_WORDS = 4
/** A right answer may say what a criterion says. One that says nearly all of it, "explains that" included, is a copy. */
const MOST_OF_CRITERION = 0.8

/** Whether a quote is only what the student was given: a part of the task, or a criterion as it stands. */
function ofTask({ description = '', criteria }: Input['exercise']): (quote: string) => boolean {
  const task = wordsOf(description)
  const copies = criteria.map(({ text }) => wordsOf(text))
  return (quote) => {
    const words = wordsOf(quote)
    if (words.length < TASK_WORDS) return false
    const isCopy = (of: string[]) => words.length >= of.length * MOST_OF_CRITERION && holds(of, words)
    return holds(task, words) || copies.some(isCopy)
  }
}

const holds = (all: string[], words: string[]) => ` ${all.join(' ')} `.includes(` ${words.join(' ')} `)

const wordsOf = (text: string) => folded(text).match(/[\p{L}\p{N}']+/gu) ?? []

type Examined = Judgement & { places: Span[] }

const examine = (judgement: Judgement, find: (quote: string) => Span[]): Examined => ({
  ...judgement,
  places: judgement.quote === null ? [] : find(judgement.quote),
})

// Of several words on one criterion the one that holds; the rest of the order is only there so that it is always the same.
const better = (a: Examined, b: Examined) =>
  Number(b.places.length > 0) - Number(a.places.length > 0) ||
  compare(a.quote ?? '', b.quote ?? '') ||
  compare(a.comment, b.comment)

const compare = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0)

type Signs = { instructions: Span[]; isCredulous: boolean; isUnread: boolean; isOfTask(quote: string): boolean }

function doubt({ quote, places }: Examined, { instructions, isCredulous, isUnread, isOfTask }: Signs) {
  if (quote === null || quote.trim() === '') return 'quote_missing'
  if (places.length === 0) return 'quote_not_found'
  if (isOfTask(quote)) return 'quote_is_task'
  if (instructions.length === 0) return isCredulous ? 'control_met' : isUnread ? 'script_not_read' : undefined
  const isClean = places.some((place) => !instructions.some((instruction) => overlap(place, instruction)))
  return isClean ? 'model_was_addressed' : 'quote_is_instruction'
}

function shown(answer: string, [place]: readonly Span[]): string | null {
  if (place === undefined) return null
  const quote = answer.slice(place.start, Math.min(place.end, place.start + SHOWN))
  return quote.isWellFormed() ? quote : quote.slice(0, -1)
}
