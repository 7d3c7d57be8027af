import { Failure } from '#kernel/failure.ts'
import { redact } from '#platform/log/index.ts'
import { ConfigError } from './config-reader.ts'

/** One clear text for the operator: what was refused, or what is broken and why. */
export function describeError(error: unknown): string {
  if (error instanceof ConfigError) return error.message
  if (!(error instanceof Error)) return redact(String(error))
  const fields = error instanceof Failure ? (error.errors ?? []).map(({ path, message }) => `${path} ${message}`) : []
  const text = fields.length > 0 ? fields.join('; ') : error.message || error.name
  const isOutage = error instanceof Failure && error.kind === 'unavailable' && error.cause instanceof Error
  return redact(isOutage ? `${text} (${causeOf(error.cause)})` : text).replace(/\s*\n\s*/g, ' ')
}

function causeOf(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(causeOf).join(', ')
  return error instanceof Error ? error.message : String(error)
}
