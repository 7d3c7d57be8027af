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

type Operation = { responses?: Record<string, unknown>; requestBody?: object; [BODY_OPTIONAL]?: boolean }

/** Marks an operation whose body may be left out, which the generator has no word for. */
export const BODY_OPTIONAL = 'x-body-optional'

/** Turns the marks into `required: false`. */
export function letBodiesBeLeftOut<T extends { paths?: object }>(document: T): T {
  for (const operation of Object.values(document.paths ?? {}).flatMap((path) =>
    Object.values(path as Record<string, Operation>),
  )) {
    if (operation[BODY_OPTIONAL] && operation.requestBody) Object.assign(operation.requestBody, { required: false })
    delete operation[BODY_OPTIONAL]
  }
  return document
}

/** Moves refusals that several operations share, word for word, to `components/responses`. */
export function shareResponses<T extends { paths?: object; components?: object }>(
  document: T,
  nameOf: (status: string) => string,
): T {
  const operations = Object.values(document.paths ?? {}).flatMap((path) =>
    Object.values(path as Record<string, Operation>),
  )
  const uses = new Map<string, number>()
  for (const text of operations.flatMap(textsOf)) uses.set(text, (uses.get(text) ?? 0) + 1)
  const names = new Map<string, string>()
  const responses: Json = {}
  for (const { responses: answers = {} } of operations) {
    for (const [status, answer] of Object.entries(answers)) {
      const text = `${status} ${JSON.stringify(answer)}`
      if (Number(status) < 400 || (uses.get(text) ?? 0) < 2) continue
      const name = names.get(text) ?? freshName(nameOf(status), responses)
      names.set(text, name)
      responses[name] = answer
      answers[status] = { $ref: `#/components/responses/${name}` }
    }
  }
  return { ...document, components: { ...document.components, responses } }
}

const textsOf = ({ responses = {} }: Operation) =>
  Object.entries(responses).map(([status, answer]) => `${status} ${JSON.stringify(answer)}`)

function freshName(base: string, taken: Json): string {
  for (let count = 1; ; count++) {
    const name = count === 1 ? base : `${base}${count}`
    if (!(name in taken)) return name
  }
}
