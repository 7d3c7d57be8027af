import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify'
import { Failure, type FieldError } from '#kernel/failure.ts'
import { internalProblem, PROBLEM_TYPE, problemOf } from './problem.ts'
import {
  bodyTooLarge,
  invalidRequest,
  malformedJson,
  malformedRequest,
  requestTimedOut,
  unsupportedType,
} from './refusals.ts'
import { TIMECODE_PATTERN } from './schemas.ts'
import { tellUnions, type Violation } from './union-errors.ts'

/** Answers whatever was thrown: a Failure as its problem document, anything else as a bare 500 whose cause goes to the log. */
export function answerError(error: unknown, request: FastifyRequest, reply: FastifyReply) {
  const failure = asFailure(error, request)
  if (failure === undefined) {
    request.log.error({ err: error }, 'unexpected error')
    return reply.code(500).type(PROBLEM_TYPE).serializer(JSON.stringify).send(internalProblem(request.id))
  }
  if (failure.cause !== undefined)
    request.log.warn({ err: failure.cause, code: failure.code }, 'refused because of an error underneath')
  if (failure.retryAfter !== undefined) reply.header('retry-after', String(failure.retryAfter))
  if (failure.kind === 'unauthenticated')
    reply.header('www-authenticate', 'ApiKey realm="course-supporter", header="X-API-Key"')
  reply.refusal = failure.code
  const problem = problemOf(failure, request.id)
  return reply.code(problem.status).type(PROBLEM_TYPE).serializer(JSON.stringify).send(problem)
}

function asFailure(error: unknown, request: FastifyRequest): Failure | undefined {
  if (error instanceof Failure) return error
  if (!(error instanceof Error)) return undefined
  const { validation, validationContext, code = '', statusCode = 500 } = error as Partial<FastifyError>
  if (validation !== undefined) return invalidFields(validation, validationContext ?? 'body')
  // The client went away in the middle of its body: nobody reads the answer, but it is no defect of ours.
  if (code === 'ECONNRESET' && request.raw.destroyed && !request.raw.complete) return malformedRequest()
  // Of all that carries a status, only what Fastify and its plugins say is about the request.
  return code.startsWith('FST_') && statusCode < 500 ? refusalOf(code, statusCode) : undefined
}

function refusalOf(code: string, status: number): Failure {
  if (code === 'FST_ERR_CTP_INVALID_JSON_BODY') return malformedJson()
  return ({ 408: requestTimedOut, 413: bodyTooLarge, 415: unsupportedType }[status] ?? malformedRequest)()
}

function invalidFields(validation: readonly Violation[], context: string): Failure {
  const told = tellUnions(validation).filter(({ keyword }) => keyword !== 'if')
  const errors = (told.length > 0 ? told : validation).map((violation) =>
    isEither(violation, told)
      ? { ...fieldError(violation, context), message: 'must be a day or an RFC 3339 time' }
      : fieldError(violation, context),
  )
  const { kind, code, message } = invalidRequest()
  return new Failure(kind, code, message, {
    errors: [...new Map(errors.map((e) => [`${e.path} ${e.message}`, e])).values()],
  })
}

/** Where a day or a moment may stand, what is neither is told of twice. */
function isEither({ instancePath, keyword, params }: Violation, all: readonly Violation[]): boolean {
  const other = { date: 'date-time', 'date-time': 'date' }[String(params?.['format'])]
  return (
    keyword === 'format' && all.some((one) => one.instancePath === instancePath && one.params?.['format'] === other)
  )
}

function fieldError(
  { instancePath = '', message = 'is wrong', keyword, params = {} }: Violation,
  context: string,
): FieldError {
  const path = instancePath
    .split('/')
    .slice(1)
    .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'))
  if (keyword === 'required')
    return { path: [...path, String(params['missingProperty'])].join('.'), message: 'is required' }
  if (keyword === 'additionalProperties')
    return { path: [...path, String(params['additionalProperty'])].join('.'), message: 'is not a known field' }
  if (keyword === 'pattern' && params['pattern'] === '\\S')
    return { path: path.join('.'), message: 'must not be blank' }
  if (keyword === 'pattern' && params['pattern'] === TIMECODE_PATTERN)
    return { path: path.join('.'), message: 'must be [H:]MM:SS, minutes and seconds below 60' }
  if (keyword === 'const' || keyword === 'enum') {
    const allowed = keyword === 'const' ? [params['allowedValue']] : params['allowedValues']
    return {
      path: path.join('.') || context,
      message: `must be ${[allowed]
        .flat()
        .map((value) => JSON.stringify(value))
        .join(' or ')}`,
    }
  }
  return { path: path.join('.') || context, message }
}
