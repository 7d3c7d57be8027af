import type { Static, TSchema } from 'typebox'
import { Value } from 'typebox/value'
import type { Provider } from '../registry.ts'

export type JsonSchema = { [keyword: string]: unknown }

/** A schema as a provider takes it. `strict`: it can be enforced while the answer is written, as OpenAI does. */
export type Dialect = { schema: JsonSchema; strict: boolean }

// What every provider's decoder knows. Bounds make some of them refuse a schema as too complex, so they are told in words; our own schema
// checks them in any case. https://developers.openai.com/api/docs/guides/structured-outputs, https://ai.google.dev/gemini-api/docs/structured-output,
// https://platform.claude.com/docs/en/build-with-claude/structured-outputs
const STRUCTURE = ['type', 'enum', 'const', '$ref', 'description']
const BOUNDS = [
  ['minLength', 'at least $ characters'],
  ['maxLength', 'at most $ characters'],
  ['pattern', 'matching $'],
  ['format', 'as $'],
  ['minimum', 'at least $'],
  ['maximum', 'at most $'],
  ['exclusiveMinimum', 'more than $'],
  ['exclusiveMaximum', 'less than $'],
  ['multipleOf', 'a multiple of $'],
  ['minItems', 'at least $ items'],
  ['maxItems', 'at most $ items'],
  ['uniqueItems', 'no item twice'],
] as const

/**
 * Our schema in the provider's words. Objects are closed; for those who enforce it strictly, every field is required and an optional one
 * may be null instead, which `readAnswer` takes out again.
 */
export function dialectOf(schema: TSchema, provider: Provider): Dialect {
  const state = { strict: true, allRequired: provider === 'openai' || provider === 'compatible' }
  return { schema: translate(schema as JsonSchema, state), strict: state.strict }
}

type State = { strict: boolean; allRequired: boolean }

function translate(schema: JsonSchema, state: State): JsonSchema {
  const result: JsonSchema = {}
  for (const keyword of STRUCTURE) if (schema[keyword] !== undefined) result[keyword] = schema[keyword]
  const bounds = BOUNDS.filter(([keyword]) => schema[keyword] !== undefined && schema[keyword] !== false)
  if (bounds.length > 0) {
    const words = bounds.map(([keyword, text]) => text.replace('$', () => String(schema[keyword]))).join(', ')
    result['description'] = schema['description'] === undefined ? `(${words})` : `${schema['description']} (${words})`
  }
  const list = (items: unknown) => (items as JsonSchema[]).map((item) => translate(item, state))
  const choices = schema['anyOf'] ?? schema['oneOf']
  if (choices !== undefined) result['anyOf'] = list(choices)
  if (schema['items'] !== undefined) result['items'] = translate(schema['items'] as JsonSchema, state)
  if (schema['$defs'] !== undefined) result['$defs'] = translateAll(schema['$defs'] as Fields, state)
  if (schema['allOf'] !== undefined) {
    result['allOf'] = list(schema['allOf'])
    state.strict = false
  }
  if (schema['properties'] !== undefined) Object.assign(result, closed(schema, state))
  else if (isOpen(schema)) {
    state.strict = false
    for (const keyword of ['patternProperties', 'additionalProperties']) {
      if (schema[keyword] !== undefined) result[keyword] = schema[keyword]
    }
  }
  return result
}

type Fields = Record<string, JsonSchema>

const translateAll = (fields: Fields, state: State): Fields =>
  Object.fromEntries(Object.entries(fields).map(([name, field]) => [name, translate(field, state)]))

function closed(schema: JsonSchema, state: State): JsonSchema {
  const required = (schema['required'] ?? []) as string[]
  const properties = translateAll(schema['properties'] as Fields, state)
  if (!state.allRequired) return { properties, required, additionalProperties: false }
  for (const [name, field] of Object.entries(properties)) {
    if (!required.includes(name)) properties[name] = { anyOf: [field, { type: 'null' }] }
  }
  return { properties, required: Object.keys(properties), additionalProperties: false }
}

/** A map, or anything at all. */
const isOpen = (schema: JsonSchema) =>
  schema['type'] === 'object' ||
  ['type', 'enum', 'const', '$ref', 'anyOf', 'oneOf', 'allOf'].every((k) => !(k in schema))

export type Reading<S extends TSchema> = { output: Static<S> } | { complaints: string[] }

const MOST_COMPLAINTS = 10

/** What the text says, if it is of the schema's shape; else what is wrong with it, for its author. */
export function readAnswer<S extends TSchema>(text: string, schema: S): Reading<S> {
  const value = parse(text)
  if (value === undefined) return { complaints: ['It is not one JSON document.'] }
  const output = withoutNulls(schema as TSchema as JsonSchema, value)
  if (Value.Check(schema, output)) return { output: output as Static<S> }
  const errors = Value.Errors(schema, beginningOf(output, { left: MOST_SEARCHED })).filter(
    ({ keyword }) => keyword !== 'boolean',
  )
  const complaints = errors.map(({ instancePath, message }) => `${instancePath || '(all)'}: ${message}`.slice(0, 200))
  const some = [...new Set(complaints)].slice(0, MOST_COMPLAINTS)
  return { complaints: some.length > 0 ? some : ['It has too much that is wrong.'] }
}

/** Values in which mistakes are looked for: every one is described, and an answer may have a million. */
const MOST_SEARCHED = 10_000

function beginningOf(value: unknown, budget: { left: number }): unknown {
  budget.left -= 1
  if (typeof value !== 'object' || value === null) return value
  if (!Array.isArray(value))
    return Object.fromEntries(firstOf(Object.entries(value), budget).map(([k, v]) => [k, beginningOf(v, budget)]))
  return firstOf(value, budget).map((item) => beginningOf(item, budget))
}

const firstOf = <T>(items: T[], { left }: { left: number }) => items.slice(0, Math.max(0, left))

/** JSON, bare or in a Markdown fence. */
function parse(text: string): unknown {
  const bare = text.trim()
  const fence = bare.indexOf('```')
  const start = bare.indexOf('\n', fence)
  const end = bare.lastIndexOf('```')
  const candidates = fence >= 0 && start > fence && end > start ? [bare, bare.slice(start, end)] : [bare]
  for (const candidate of candidates) {
    try {
      return JSON.parse(candidate, storable)
    } catch {
      // The next one, or none.
    }
  }
  return undefined
}

/** Without what PostgreSQL cannot hold: the answer is paid for, and would otherwise be lost for one character. */
function storable(_key: string, value: unknown): unknown {
  return typeof value === 'string' ? value.replaceAll('\u0000', '').toWellFormed() : value
}

/** Models give null for what they leave out, and are told to where every field is required. */
function withoutNulls(schema: JsonSchema, value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) {
    const { items } = schema
    return items === undefined ? inChoice(schema, value) : value.map((item) => withoutNulls(items as JsonSchema, item))
  }
  if (schema['properties'] === undefined) return inChoice(schema, value)
  const properties = schema['properties'] as Fields
  const required = (schema['required'] ?? []) as string[]
  const kept = Object.entries(value).flatMap(([name, field]) => {
    const own = Object.hasOwn(properties, name) ? properties[name] : undefined
    if (own === undefined) return [[name, field]]
    if (field === null && !required.includes(name) && !Value.Check(own as TSchema, null)) return []
    return [[name, withoutNulls(own, field)]]
  })
  return Object.fromEntries(kept)
}

function inChoice(schema: JsonSchema, value: unknown): unknown {
  for (const choice of (schema['anyOf'] ?? []) as JsonSchema[]) {
    const candidate = withoutNulls(choice, value)
    if (Value.Check(choice as TSchema, candidate)) return candidate
  }
  return value
}
