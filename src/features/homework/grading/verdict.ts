import type { ExerciseNode } from '#features/structure/index.ts'

export type Met = 'met' | 'not_met' | 'unclear'

/** An exercise as it is judged; kept with the submission, so that a later change of the exercise moves no result. */
export type JudgedExercise = Pick<
  ExerciseNode,
  | 'kind'
  | 'description'
  | 'options'
  | 'referenceSolution'
  | 'gradingCriteria'
  | 'criteria'
  | 'answerKey'
  | 'passScore'
  | 'maxAttempts'
>

/** What a student hands in: a text, a number, or the ids of the chosen options. */
export type HandedIn = string | number | string[]

/** What a model says of one criterion. `quote` is meant to be the student's own words. */
export type Judgement = { id: string; met: Met; quote: string | null; comment: string }

/**
 * Why code does not take the model's word: no quote; not the student's words; words that speak to the grader, or stand beside such words; the
 * model fell for a control; a part of the answer is in a script that is none of the course's; or it said nothing, or two things.
 */
export type Doubt =
  | 'quote_missing'
  | 'quote_not_found'
  | 'quote_is_instruction'
  | 'quote_is_task'
  | 'model_was_addressed'
  | 'control_met'
  | 'script_not_read'
  | 'not_judged'

/** Why a person has to look, with the ids of the criteria that it is about; none when it is about the whole. */
export type ReviewReason = { code: ReviewReasonCode; criteria: string[] }

export type ReviewReasonCode =
  | 'answer.addresses_grader'
  | 'answer.foreign_script'
  | 'answer.hidden_characters'
  | 'model.control_met'
  | 'model.unreadable'
  | 'model.refused'
  | 'criterion.unclear'
  | 'criterion.not_judged'
  | 'criterion.quote_missing'
  | 'criterion.quote_not_found'
  | 'criterion.quote_is_task'

/** What holds of one criterion after code has looked at it. `changed` says what code made of the model's word, and why. */
export type Verdict = {
  id: string
  criterion: string
  weight: number
  required: boolean
  met: Met
  quote: string | null
  comment: string
  changed: { from: Met; why: Doubt } | null
}

export type Score = { score: number; passed: boolean; verdict: 'correct' | 'partially_correct' | 'incorrect' }

export type GradedBy = { kind: 'llm' | 'answer_key' | 'human'; model: string | null; prompt_version: string | null }

/** As the contract shows it. `id` names the criterion for a review. */
export type Result = Score & {
  criteria: {
    id: string
    criterion: string
    weight: number
    required: boolean
    met: Met
    quote: string | null
    comment: string
  }[]
  feedback: string
  strengths: string[]
  recommendations: string[]
  graded_by: GradedBy
}
