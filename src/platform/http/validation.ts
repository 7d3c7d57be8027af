import { Ajv } from 'ajv'
import addFormats from 'ajv-formats'
import type { FastifyRequest, FastifySchemaCompiler } from 'fastify'
import type { TSchema } from 'typebox'
import { Failure } from '#kernel/failure.ts'
import { invalidRequest } from './refusals.ts'

/** Strict validation: nothing is coerced, dropped or filled in. Only the text of a URL's parameters is read as the integers it spells. */
export function validatorCompiler(): FastifySchemaCompiler<TSchema> {
  const ajv = new Ajv({
    allErrors: true,
    coerceTypes: false,
    removeAdditional: false,
    useDefaults: false,
    strict: false,
  })
  addFormats.default(ajv)
  return ({ schema, httpPart }) => {
    const validate = ajv.compile(schema)
    const integers = httpPart === 'querystring' || httpPart === 'params' ? integerProperties(schema) : []
    return (input: unknown) => {
      const value = integers.length > 0 ? withIntegers(input, integers) : input
      if (validate(value)) return { value }
      const errors = validate.errors ?? []
      return {
        error: Object.assign(new Error('invalid'), { validation: errors, validationContext: httpPart ?? 'body' }),
      }
    }
  }
}

function integerProperties(schema: unknown): string[] {
  const properties = (schema as { properties?: Record<string, { type?: string }> }).properties ?? {}
  return Object.keys(properties).filter((name) => properties[name]?.type === 'integer')
}

function withIntegers(input: unknown, names: string[]): unknown {
  const copy: Record<string, unknown> = { ...(input as Record<string, unknown>) }
  for (const name of names) {
    const text = copy[name]
    if (typeof text === 'string' && /^-?\d{1,15}$/.test(text)) copy[name] = Number(text)
  }
  return copy
}

/** Refuses text that PostgreSQL cannot hold or that is not Unicode, wherever it stands in the request. */
export async function refuseUnstorableText(request: FastifyRequest) {
  const bad = unstorable(request.query, []) ?? unstorable(request.params, []) ?? unstorable(request.body, [])
  if (bad === undefined) return
  const { kind, code, message } = invalidRequest()
  throw new Failure(kind, code, message, {
    errors: [{ path: bad.join('.'), message: 'must be text without U+0000 and lone surrogates' }],
  })
}

function unstorable(value: unknown, path: string[]): string[] | undefined {
  if (typeof value === 'string') return value.includes('\u0000') || !value.isWellFormed() ? path : undefined
  if (typeof value !== 'object' || value === null || !isPlain(value)) return undefined
  for (const [key, inner] of Object.entries(value)) {
    const bad = unstorable(key, [...path, '(name)']) ?? unstorable(inner, [...path, key])
    if (bad !== undefined) return bad
  }
  return undefined
}

function isPlain(value: object): boolean {
  const prototype = Object.getPrototypeOf(value)
  return Array.isArray(value) || prototype === Object.prototype || prototype === null
}
