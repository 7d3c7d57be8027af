import { Failure } from '#kernel/failure.ts'

export const webhookNotFound = () =>
  new Failure('not_found', 'webhook.not_found', 'No webhook is set for the services of this key.')

export const eventScopeMissing = (scope = 'check') =>
  new Failure('forbidden', 'auth.scope_missing', `The API key lacks the scope ${scope}.`)
