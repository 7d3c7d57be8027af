import { STATUS_CODES } from 'node:http'
import { Type } from 'typebox'
import type { Failure, FailureKind } from '#kernel/failure.ts'

/** The only place where a kind of failure becomes a status. */
export const STATUS: Record<FailureKind, number> = {
  malformed: 400,
  unauthenticated: 401,
  payment_required: 402,
  forbidden: 403,
  not_found: 404,
  method_not_allowed: 405,
  timeout: 408,
  conflict: 409,
  precondition_failed: 412,
  too_large: 413,
  unsupported_type: 415,
  range_unsatisfiable: 416,
  invalid: 422,
  limited: 429,
  headers_too_large: 431,
  not_implemented: 501,
  unavailable: 503,
}

/** A problem document (RFC 9457). */
export const Problem = Type.Object(
  {
    type: Type.String({ description: 'A URI that names the kind of problem.' }),
    title: Type.String(),
    status: Type.Integer(),
    detail: Type.String(),
    code: Type.String({ description: 'Stable and machine-readable.' }),
    request_id: Type.String(),
    errors: Type.Optional(Type.Array(Type.Object({ path: Type.String(), message: Type.String() }))),
  },
  { title: 'Problem' },
)

export const PROBLEM_TYPE = 'application/problem+json'

/** More wrong fields than this are not listed. */
const MAX_ERRORS = 50

/** The document a client gets. Shows the failure's own words, never its cause. */
export function problemOf({ kind, code, message, errors }: Failure, requestId: string) {
  const status = STATUS[kind]
  return {
    type: `urn:problem:${code}`,
    title: STATUS_CODES[status] ?? 'Error',
    status,
    detail: message,
    code,
    request_id: requestId,
    ...(errors ? { errors: errors.slice(0, MAX_ERRORS) } : {}),
  }
}

/** What a stranger learns of a defect of ours. */
export function internalProblem(requestId: string) {
  return {
    type: 'urn:problem:internal',
    title: 'Internal Server Error',
    status: 500,
    detail: 'Something went wrong on our side. Quote the request_id when you report it.',
    code: 'internal',
    request_id: requestId,
  }
}
