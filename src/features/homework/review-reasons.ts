import type { ReviewReason, ReviewReasonCode } from './grading/verdict.ts'

/** What each means, for whoever looks. */
export const REVIEW_REASONS: Record<ReviewReasonCode, string> = {
  'answer.addresses_grader': 'The answer speaks to whoever grades it, so that no model is believed about it.',
  'answer.foreign_script':
    'A substantial part of the answer is in a script that neither the task, nor its lesson, nor `language` uses.',
  'answer.hidden_characters': 'The answer had characters that nobody sees; they were taken out.',
  'model.control_met': 'The model called a criterion met that no answer fulfils, so that it is believed in nothing.',
  'model.unreadable': 'The model gave nothing that could be used.',
  'model.refused': 'The model refused to judge the answer.',
  'criterion.unclear': 'The model could not tell whether a required criterion is met.',
  'criterion.not_judged': 'The model said nothing of a required criterion, or two things.',
  'criterion.quote_missing': "The model called a required criterion met and quoted nothing of the student's.",
  'criterion.quote_not_found': 'What the model quoted for a required criterion does not stand in the answer.',
  'criterion.quote_is_task': "What the model quoted for a required criterion is the task's own words.",
}

/** Of a question to which no model gave an answer. */
export const reasonOfFailure = (failure: string): ReviewReason => ({
  code: failure === 'llm.refused' ? 'model.refused' : 'model.unreadable',
  criteria: [],
})
