/**
 * What kind of thing went wrong, in the caller's terms. The HTTP status of each is decided in one place, `platform/http`.
 */
export type FailureKind =
  | 'malformed'
  | 'unauthenticated'
  | 'forbidden'
  | 'not_found'
  | 'method_not_allowed'
  | 'timeout'
  | 'conflict'
  | 'precondition_failed'
  | 'too_large'
  | 'headers_too_large'
  | 'unsupported_type'
  | 'range_unsatisfiable'
  | 'invalid'
  | 'limited'
  | 'payment_required'
  | 'unavailable'
  | 'not_implemented'

export type FieldError = { path: string; message: string }

type Extra = {
  /** Which inputs were wrong: shown with 422. */
  errors?: FieldError[]
  /** Seconds after which trying again is enough: becomes `Retry-After`. */
  retryAfter?: number
  cause?: unknown
}

/**
 * A refusal the caller can act on. Anything else that is thrown is a defect of ours and leaves the process as a bare 500.
 * `code` is stable and machine-readable (`course.not_found`); `message` is one English sentence that may be shown to a stranger.
 */
export class Failure extends Error {
  readonly kind: FailureKind
  readonly code: string
  readonly errors: FieldError[] | undefined
  readonly retryAfter: number | undefined

  constructor(kind: FailureKind, code: string, message: string, extra: Extra = {}) {
    super(message, extra.cause === undefined ? undefined : { cause: extra.cause })
    this.name = 'Failure'
    this.kind = kind
    this.code = code
    this.errors = extra.errors
    this.retryAfter = extra.retryAfter
  }
}

/** A 422 that names one wrong input. */
export function invalid(path: string, message: string, code = 'request.invalid'): Failure {
  return new Failure('invalid', code, 'The request has wrong fields.', { errors: [{ path, message }] })
}

/** The refusal of a moment: something underneath does not answer, or not in time. */
export function unavailable(cause?: unknown): Failure {
  const message = 'The service is unavailable for a moment. Please try again.'
  return new Failure('unavailable', 'service.unavailable', message, { retryAfter: 5, cause })
}
