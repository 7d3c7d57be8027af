import { Failure } from '#kernel/failure.ts'

export { courseNotFound } from '#features/courses/index.ts'
export { exerciseNotFound } from '#features/structure/index.ts'
export { budgetExceeded } from '#features/usage/index.ts'
export { queueFull } from '#platform/queue/index.ts'

export const submissionNotFound = () => new Failure('not_found', 'submission.not_found', 'There is no such submission.')

export const attemptsExceeded = (max = 20) =>
  new Failure('conflict', 'attempts.exceeded', `The student has used all ${max} attempts at this exercise.`)

export const llmNotConfigured = () =>
  new Failure(
    'conflict',
    'llm.not_configured',
    'Open answers are graded by a language model, and none is configured for this tenant.',
  )

export const exerciseNotGradable = () =>
  new Failure(
    'conflict',
    'exercise.not_gradable',
    'The exercise says nothing to grade by: an answer key, criteria, or a text that they can be made of.',
  )

export const submissionNotRetryable = () =>
  new Failure(
    'conflict',
    'submission.not_retryable',
    'Only a submission whose check ended in an error can be checked again.',
  )
