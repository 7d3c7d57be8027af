import { type Static, type TSchema, Type } from 'typebox'

// Shapes that every feature's schemas are made of. A `title` makes a schema a named component of the OpenAPI document.

export const Id = Type.String({
  format: 'uuid',
  description: 'A UUIDv7.',
  examples: ['0197f0c4-5d2e-7cc1-9d39-3a1f6a3c9e10'],
})

export const Timestamp = Type.String({ format: 'date-time', examples: ['2026-09-01T08:00:00.000Z'] })

/** Text that says something: not empty, not blank. */
export const Text = (maxLength: number, options: { description?: string; examples?: string[] } = {}) =>
  Type.String({ minLength: 1, maxLength, pattern: '\\S', ...options })

export const ExternalId = Type.String({
  minLength: 1,
  maxLength: 200,
  pattern: '\\S',
  description: "The LMS's own id, unique per tenant and kind.",
  examples: ['lms-42'],
})

export const TIMECODE_PATTERN = '^(\\d{1,3}:)?[0-5]?\\d:[0-5]\\d$'

export const Timecode = Type.String({
  pattern: TIMECODE_PATTERN,
  maxLength: 9,
  description: '`[H:]MM:SS`, minutes and seconds below 60.',
  examples: ['1:02:30'],
})

export const Nullable = <T extends TSchema>(schema: T) => Type.Union([schema, Type.Null()])

export const OneOf = <const T extends string[]>(...values: T) =>
  Type.Unsafe<T[number]>({ type: 'string', enum: values })

/** An object that refuses unknown fields: for everything that comes in. */
export const Input = <T extends Record<string, TSchema>>(
  properties: T,
  options: { title?: string; description?: string; minProperties?: number; examples?: unknown[] } = {},
) => Type.Object(properties, { additionalProperties: false, ...options })

export const PageQuery = {
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 100, default: 50, description: 'How many items at most.' })),
  cursor: Type.Optional(
    Type.String({ minLength: 1, maxLength: 500, description: '`next_cursor` of the page before.' }),
  ),
}

export const PageOf = <T extends TSchema>(item: T, title: string) =>
  Type.Object({ items: Type.Array(item), next_cursor: Nullable(Type.String()) }, { title })

type PageInput = { limit?: number; cursor?: string }

/** What a list's rule takes, from the query of its route. */
export const pageRequest = ({ limit = 50, cursor }: PageInput) => ({ limit, cursor })

export const Empty = Type.Null({ description: 'No body.' })

export type StaticOf<T extends TSchema> = Static<T>
