import { Failure } from '#kernel/failure.ts'
import { redact } from '#platform/log/index.ts'

/** One clear line for the operator, without secrets: what was refused, or what is broken and why. */
export function describeError(error: unknown): string {
  return redact(textOf(error))
    .replace(/\s*\n\s*/g, ' ')
    .trim()
}

function textOf(error: unknown): string {
  if (!(error instanceof Failure)) return causeOf(error)
  if (error.errors !== undefined && error.errors.length > 0) {
    return error.errors.map(({ path, message }) => `${path} ${message}`).join('; ')
  }
  const isOutage = error.kind === 'unavailable' && error.cause !== undefined
  return isOutage ? `${error.message} (${causeOf(error.cause)})` : error.message
}

/** The message of whatever was thrown; of several, as when a host has several addresses, all of them. */
export function causeOf(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return error.errors.map(causeOf).join(', ')
  return error instanceof Error ? error.message || error.name : String(error)
}
