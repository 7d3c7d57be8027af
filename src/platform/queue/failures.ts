import { Failure } from '#kernel/failure.ts'

export const queueFull = () => {
  const message = 'Too many jobs are waiting. Please try again when some of them have finished.'
  return new Failure('limited', 'queue.full', message, { retryAfter: 30 })
}

export const jobNotFound = () => new Failure('not_found', 'job.not_found', 'There is no such job.')

export const jobFinished = () => new Failure('conflict', 'job.finished', 'The job has already finished.')

export const jobNotRetryable = (message = 'Only a failed or cancelled job can be retried.') =>
  new Failure('conflict', 'job.not_retryable', message)
