import { Ajv } from 'ajv'
import addFormats from 'ajv-formats'
import type { FastifyRequest, FastifySchemaCompiler } from 'fastify'
import type { TSchema } from 'typebox'
import { Failure } from '#kernel/failure.ts'
import { invalidRequest } from './refusals.ts'

// Listing every wrong field costs memory for each, and a body may have millions: it is done for requests of at most this many values.
const MANY = 10_000

/** Nothing that anybody means to send is nested deeper. */
const MAX_DEPTH = 50

/** Strict validation: nothing is coerced, dropped or filled in. Only the text of a URL's parameters is read as the integers and ids it spells. */
export function validatorCompiler(): FastifySchemaCompiler<TSchema> {
  const ajv = createAjv(false)
  const ajvForAll = createAjv(true)
  return ({ schema, httpPart }) => {
    const validate = ajv.compile(schema)
    let validateAll: typeof validate | undefined
    const spelled = httpPart === 'querystring' || httpPart === 'params' ? readersOf(schema) : []
    return (input: unknown) => {
      const value = spelled.length > 0 ? withReadings(input, spelled) : input
      if (validate(value)) return { value }
      let { errors } = validate
      if (countUpTo(MANY, value) < MANY) {
        validateAll ??= ajvForAll.compile(schema)
        validateAll(value)
        errors = validateAll.errors
      }
      return {
        error: Object.assign(new Error('invalid'), { validation: errors ?? [], validationContext: httpPart ?? 'body' }),
      }
    }
  }
}

function createAjv(allErrors: boolean): Ajv {
  // `strict` speaks of schemas; strict numbers refuse 1e999, which is Infinity once it is read.
  const numbers = { strict: false, strictNumbers: true }
  const ajv = new Ajv({ allErrors, coerceTypes: false, removeAdditional: false, useDefaults: false, ...numbers })
  addFormats.default(ajv)
  // The library's also takes `urn:uuid:`, which PostgreSQL does not.
  ajv.addFormat('uuid', /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i)
  // The library's also takes leap seconds, which JavaScript does not, and a blank for the T.
  const isMoment = ajv.formats['date-time'] as { validate: (text: string) => boolean }
  ajv.addFormat(
    'date-time',
    (text) => /^.{10}T/i.test(text) && isMoment.validate(text) && !Number.isNaN(Date.parse(text)),
  )
  return ajv
}

type Reader = { name: string; read: (text: string) => unknown }

function readersOf(schema: unknown): Reader[] {
  const { properties = {} } = schema as { properties?: Record<string, { type?: string; format?: string }> }
  return Object.entries(properties).flatMap(([name, { type, format }]) => {
    if (type === 'integer') return [{ name, read: (text) => (/^-?\d{1,15}$/.test(text) ? Number(text) : text) }]
    // As the database prints it, so that one id is one text.
    return format === 'uuid' ? [{ name, read: (text) => text.toLowerCase() }] : []
  })
}

function withReadings(input: unknown, readers: Reader[]): unknown {
  const copy: Record<string, unknown> = { ...(input as Record<string, unknown>) }
  for (const { name, read } of readers) {
    const text = copy[name]
    if (typeof text === 'string') copy[name] = read(text)
  }
  return copy
}

function countUpTo(most: number, value: unknown): number {
  if (typeof value !== 'object' || value === null) return 1
  let count = 1
  for (const inner of Array.isArray(value) ? value : Object.values(value)) {
    if (count >= most) return count
    count += countUpTo(most - count, inner)
  }
  return count
}

/** Refuses text that PostgreSQL cannot hold or that is not Unicode, wherever it stands in the request, and nesting without end. */
export async function refuseUnstorableText(request: FastifyRequest) {
  const bad = findBad(request.query, 0) ?? findBad(request.params, 0) ?? findBad(request.body, 0)
  if (bad === undefined) return
  const { kind, code, message } = invalidRequest()
  throw new Failure(kind, code, message, { errors: [{ path: bad.path.join('.'), message: bad.message }] })
}

type Bad = { path: string[]; message: string }

const UNSTORABLE = 'must be text without U+0000 and lone surrogates'

function findBad(value: unknown, depth: number): Bad | undefined {
  if (typeof value === 'string') return isStorable(value) ? undefined : { path: [], message: UNSTORABLE }
  if (typeof value !== 'object' || value === null) return undefined
  if (depth > MAX_DEPTH) return { path: [], message: `is nested deeper than ${MAX_DEPTH} levels` }
  for (const key of Array.isArray(value) ? value.keys() : Object.keys(value)) {
    if (typeof key === 'string' && !isStorable(key)) return { path: ['(name)'], message: UNSTORABLE }
    const bad = findBad((value as Record<PropertyKey, unknown>)[key], depth + 1)
    if (bad !== undefined) return { ...bad, path: [String(key), ...bad.path] }
  }
  return undefined
}

const isStorable = (text: string) => !text.includes('\u0000') && text.isWellFormed()
