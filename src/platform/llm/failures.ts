import { Failure } from '#kernel/failure.ts'

export const llmNotConfigured = () =>
  new Failure('conflict', 'llm.not_configured', 'No language model is configured and allowed for this.')

/** `retryAfter`: seconds, as the providers ask for. */
export const llmUnavailable = (retryAfter = 30) =>
  new Failure('unavailable', 'llm.unavailable', 'No language model answers at the moment. Please try again later.', {
    retryAfter,
  })

export const llmMalformed = () =>
  new Failure('conflict', 'llm.malformed', 'No language model gave an answer of the right shape.')

export const llmRefused = () => new Failure('conflict', 'llm.refused', 'No language model would answer.')
