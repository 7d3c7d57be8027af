import type { RunningApi } from '#app/api.ts'
import type { RouteEntry } from '#platform/http/index.ts'
import type { Ids } from './world.ts'

/** As much of a JSON schema as the API uses. */
export type Schema = {
  $ref?: string
  type?: string | string[]
  format?: string
  pattern?: string
  minLength?: number
  maxLength?: number
  minimum?: number
  enum?: unknown[]
  const?: unknown
  anyOf?: Schema[]
  properties?: Record<string, Schema>
  required?: string[]
  items?: Schema
  examples?: unknown[]
}

type Parameter = { name: string; in: string; schema: Schema; example?: unknown }
type Content = Record<string, { schema: Schema; example?: unknown; examples?: Record<string, { value: unknown }> }>
type Response = { $ref?: string; content?: Content }

/** One operation of the OpenAPI document, read. */
export type Operation = {
  parameters: Parameter[]
  /** Of the JSON body; undefined when none is taken. */
  body: Schema | undefined
  /** Of the JSON body. */
  example: unknown
  /** A request's headers, as the document gives examples of them. */
  headers: Record<string, string>
  /** The codes that the document names for a status; undefined when it does not name the status. */
  codes(status: number): string[] | undefined
}

/** What the API's own document says of a route: with this, a new route is covered without being named. */
export function readOperations({ api }: RunningApi) {
  const document = api.swagger() as unknown as {
    paths: Record<string, Record<string, Record<string, unknown>>>
    components: Record<string, Record<string, Schema & Response>>
  }
  const resolve = <T extends { $ref?: string }>(value: T): T => {
    const [, , group = '', name = ''] = value.$ref?.split('/') ?? []
    return value.$ref === undefined ? value : resolve(document.components[group]?.[name] as T)
  }

  function operationOf({ method, url }: Pick<RouteEntry, 'method' | 'url'>): Operation {
    const path = document.paths[url.replaceAll(/:(\w+)/g, '{$1}')]
    // Of most addresses HEAD is what GET is.
    const found = path?.[method.toLowerCase()] ?? (method === 'HEAD' ? path?.['get'] : undefined)
    if (found === undefined) throw new Error(`${method} ${url} is not in the OpenAPI document`)
    const {
      parameters = [],
      requestBody,
      responses,
    } = found as {
      parameters?: Parameter[]
      requestBody?: { $ref?: string; content: Content }
      responses: Record<string, Response>
    }
    const content = requestBody && resolve(requestBody).content
    const { schema, example, examples } = content?.['application/json'] ?? {}
    const [type] = Object.keys(content ?? {})
    const given = parameters.flatMap(({ name, in: place, schema, example = schema.examples?.[0] }) =>
      place === 'header' && example !== undefined ? [[name, String(example)]] : [],
    )
    return {
      headers: Object.fromEntries([...given, ...(type === undefined || schema ? [] : [['content-type', type]])]),
      parameters: parameters.map((parameter) => ({ ...parameter, schema: resolve(parameter.schema) })),
      body: schema && resolve(schema),
      example: example ?? Object.values(examples ?? {})[0]?.value,
      codes: (status) => {
        const response = responses[status] && resolve(responses[status])
        return response && Object.keys(response.content?.['application/problem+json']?.examples ?? {})
      },
    }
  }

  /** The example that the document gives of the route's body; every body must have one. */
  function exampleFor(route: RouteEntry): unknown {
    const { body, example } = operationOf(route)
    if (body !== undefined && example === undefined)
      throw new Error(`The body of ${route.method} ${route.url} has no example`)
    return example
  }

  /** Bodies that are valid as far as a schema can tell, one for each place where an id may stand, with `id` there. */
  function bodiesWith(id: string, given: Schema): unknown[] {
    const schema = resolve(given)
    if (schema.format === 'uuid') return [id]
    if (schema.anyOf) return schema.anyOf.flatMap((branch) => bodiesWith(id, branch))
    if (schema.items) return bodiesWith(id, schema.items).map((item) => [item])
    return Object.entries(schema.properties ?? {}).flatMap(([name, inner]) =>
      bodiesWith(id, inner).map((value) => ({ ...(leastOf(id, schema) as object), [name]: value })),
    )
  }

  /** The smallest value that fits; where it must name something, `id`. */
  function leastOf(id: string, given: Schema): unknown {
    const schema = resolve(given)
    if (schema.anyOf?.[0]) return leastOf(id, schema.anyOf[0])
    if (schema.enum) return schema.enum[0]
    if (schema.properties || schema.type === 'object') {
      const required = Object.entries(schema.properties ?? {}).filter(([name]) => schema.required?.includes(name))
      return Object.fromEntries(required.map(([name, inner]) => [name, leastOf(id, inner)]))
    }
    if (schema.items) return [leastOf(id, schema.items)]
    if (schema.type === 'integer' || schema.type === 'number') return schema.minimum ?? 1
    if (schema.type === 'boolean') return true
    return schema.format === 'uuid' ? id : leastText(schema)
  }

  return { operationOf, exampleFor, bodiesWith }
}

function leastText({ pattern, examples = [] }: Schema): string {
  const candidates = [...examples.map(String), 'текст', 'https://example.com/', '00:15']
  const found = candidates.find((text) => new RegExp(pattern ?? '').test(text))
  if (found === undefined) throw new Error(`Nothing is known that fits ${pattern}`)
  return found
}

/** The route's address with these ids in it. A parameter that nobody has an id for is an error: its route would go unproven. */
export function pathOf({ url }: Pick<RouteEntry, 'url'>, ids: Ids): string {
  return url.replaceAll(/:(\w+)/g, (_whole, name: string) => {
    const id = ids[name]
    if (id === undefined) throw new Error(`test/world.ts makes nothing that :${name} of ${url} could be`)
    return encodeURIComponent(id)
  })
}

export const parametersOf = ({ url }: Pick<RouteEntry, 'url'>) =>
  [...url.matchAll(/:(\w+)/g)].map(([, name = '']) => name)
