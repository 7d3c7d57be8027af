export type LoggedError = {
  type: string
  message: string
  code?: string
  stack?: string
  cause?: LoggedError | string
  errors?: (LoggedError | string)[]
}

const MAX_DEPTH = 4
const MAX_ERRORS = 10

/**
 * What helps to find a cause, and nothing else that hangs on an error. The PostgreSQL client hangs all that it knows on its errors: itself,
 * with the key that cancels its queries, and the row that broke a rule, with what people wrote.
 */
export function serializeError(error: unknown, depth = 0): LoggedError | string {
  if (!(error instanceof Error)) return typeof error === 'string' ? error : 'something that is no error'
  if (depth > MAX_DEPTH) return error.message
  const deeper = (inner: unknown) => serializeError(inner, depth + 1)
  return {
    type: error.name,
    message: error.message,
    ...('code' in error && typeof error.code === 'string' ? { code: error.code } : {}),
    ...(error.stack === undefined ? {} : { stack: error.stack }),
    ...(error.cause === undefined ? {} : { cause: deeper(error.cause) }),
    ...(error instanceof AggregateError ? { errors: error.errors.slice(0, MAX_ERRORS).map(deeper) } : {}),
  }
}
