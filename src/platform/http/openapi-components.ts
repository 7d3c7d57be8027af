type Json = Record<string, unknown>

/** Moves every schema that has a `title` to `components/schemas`, leaving a reference: clients generated from the document get names. */
export function hoistComponents<T extends object>(document: T): T {
  const named = new Map<string, unknown>()
  const walked = walk(document, named) as { components?: { schemas?: Json } }
  walked.components = {
    ...walked.components,
    schemas: Object.fromEntries([...named].sort(([a], [b]) => (a < b ? -1 : 1))),
  }
  return walked as T
}

function walk(value: unknown, named: Map<string, unknown>): unknown {
  if (Array.isArray(value)) return value.map((item) => walk(item, named))
  if (typeof value !== 'object' || value === null) return value
  const walked = Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [key, key === 'value' ? inner : walk(inner, named)]),
  )
  if (!isNamedSchema(walked)) return walked
  const { title, ...schema } = walked
  const before = named.get(title)
  if (before !== undefined && JSON.stringify(before) !== JSON.stringify(schema)) {
    throw new Error(`Two different schemas are called ${title}`)
  }
  named.set(title, schema)
  return { $ref: `#/components/schemas/${title}` }
}

function isNamedSchema(value: Json): value is Json & { title: string } {
  return (
    typeof value['title'] === 'string' &&
    ('type' in value || 'anyOf' in value) &&
    /^[A-Z][A-Za-z]*$/.test(value['title'])
  )
}
