import { Failure } from '#kernel/failure.ts'

// The refusals that any route may make before its rule is asked.

export const routeNotFound = () =>
  new Failure('not_found', 'route.not_found', 'There is nothing at this address; /docs shows what there is.')

export const methodNotAllowed = () =>
  new Failure('method_not_allowed', 'route.method_not_allowed', 'This address does not answer that method.')

export const malformedRequest = () =>
  new Failure('malformed', 'request.malformed', 'The request could not be understood.')

export const malformedJson = () => new Failure('malformed', 'request.malformed_json', 'The body is not valid JSON.')

export const requestTimedOut = () => new Failure('timeout', 'request.timeout', 'The request did not arrive in time.')

export const bodyTooLarge = () =>
  new Failure('too_large', 'request.too_large', 'The body is larger than this operation takes.')

export const headersTooLarge = () =>
  new Failure('headers_too_large', 'request.headers_too_large', 'The request line and headers are too long.')

export const unsupportedType = () =>
  new Failure(
    'unsupported_type',
    'request.unsupported_type',
    'This operation does not take a body of that Content-Type.',
  )

export const invalidRequest = () =>
  new Failure('invalid', 'request.invalid', 'The request has wrong fields.', {
    errors: [{ path: 'limit', message: 'must be <= 100' }],
  })

export const rateLimited = (retryAfter = 1) =>
  new Failure('limited', 'rate_limit.exceeded', 'Too many requests. Try again after the time that Retry-After says.', {
    retryAfter,
  })

export { unavailable as serviceUnavailable } from '#kernel/failure.ts'

export const idempotencyKeyInUse = () =>
  new Failure('conflict', 'idempotency.in_progress', 'A request with this Idempotency-Key is still being worked on.', {
    retryAfter: 5,
  })

export const idempotencyKeyReused = () =>
  new Failure('invalid', 'idempotency.mismatch', 'This Idempotency-Key was used for a different request.', {
    errors: [{ path: 'Idempotency-Key', message: 'was used for a different request' }],
  })
