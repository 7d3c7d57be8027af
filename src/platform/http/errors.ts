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

/** Answers whatever was thrown: a Failure as its problem document, anything else as a bare 500 whose cause goes to the log. */
export function answerError(error: unknown, request: FastifyRequest, reply: FastifyReply) {
  const failure = asFailure(error)
  if (failure === undefined) {
    request.log.error({ err: error }, 'unexpected error')
    return reply.code(500).type(PROBLEM_TYPE).serializer(JSON.stringify).send(internalProblem(request.id))
  }
  if (failure.cause !== undefined)
    request.log.warn({ err: failure.cause, code: failure.code }, 'refused because of an error underneath')
  if (failure.retryAfter !== undefined) reply.header('retry-after', String(failure.retryAfter))
  if (failure.kind === 'unauthenticated')
    reply.header('www-authenticate', 'ApiKey realm="course-supporter", header="X-API-Key"')
  const problem = problemOf(failure, request.id)
  return reply.code(problem.status).type(PROBLEM_TYPE).serializer(JSON.stringify).send(problem)
}

function asFailure(error: unknown): Failure | undefined {
  if (error instanceof Failure) return error
  if (!(error instanceof Error)) return undefined
  const { validation, validationContext, code, statusCode } = error as Partial<FastifyError>
  if (validation !== undefined) return invalidFields(validation, validationContext ?? 'body')
  if (statusCode === 413) return bodyTooLarge()
  if (statusCode === 415) return unsupportedType()
  if (statusCode === 408) return requestTimedOut()
  // The JSON parser's own errors carry 400 and no Fastify code.
  if (statusCode === 400) return code?.startsWith('FST_') ? malformedRequest() : malformedJson()
  return undefined
}

type Violation = { instancePath?: string; message?: string; keyword?: string; params?: Record<string, unknown> }

function invalidFields(validation: readonly Violation[], context: string): Failure {
  // A union reports each of its failed branches and then itself: the branches say more.
  const told = validation.filter((v) => v.keyword !== 'anyOf' && v.keyword !== 'if')
  const errors = (told.length > 0 ? told : validation).map((violation) => fieldError(violation, context))
  const { kind, code, message } = invalidRequest()
  return new Failure(kind, code, message, {
    errors: [...new Map(errors.map((e) => [`${e.path} ${e.message}`, e])).values()],
  })
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
