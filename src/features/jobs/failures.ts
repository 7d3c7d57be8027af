import { Failure } from '#kernel/failure.ts'

export { jobFinished } from '#platform/queue/index.ts'

export const jobNotFound = () => new Failure('not_found', 'job.not_found', 'There is no such job.')

export const jobScopeMissing = (scope = 'prep') =>
  new Failure('forbidden', 'auth.scope_missing', `The API key lacks the scope ${scope}.`)
