import { STATUS_CODES } from 'node:http'
import swagger from '@fastify/swagger'
import type { RouteOptions } from 'fastify'
import type { Failure } from '#kernel/failure.ts'
import type { Access, Api } from './api.ts'
import { BODY_OPTIONAL, hoistComponents, letBodiesBeLeftOut, shareResponses } from './openapi-components.ts'
import { internalProblem, PROBLEM_TYPE, Problem, problemOf, STATUS } from './problem.ts'
import * as refusals from './refusals.ts'

export type ApiDescription = {
  title: string
  version: string
  description: string
  tags: { name: string; description: string }[]
  /** The refusals of authentication, which belong to whoever keeps the keys. */
  keyFailures: readonly (() => Failure)[]
}

const KEY_SCHEME = 'ApiKey'

const CAPABILITY_SCHEME = 'Capability'

/** What is answered where there is no operation to answer. */
const UNROUTED = [refusals.routeNotFound, refusals.methodNotAllowed, refusals.headersTooLarge]

const REQUEST_ID = '0197f0c4-5d2e-7cc1-9d39-3a1f6a3c9e10'

/** Builds the OpenAPI 3.1 document from the routes: every answer, refusal, scope and example comes from what the routes declare. */
export async function describeApi(app: Api, { title, version, description, tags, keyFailures }: ApiDescription) {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title,
        version,
        description: `${description}\n\n${unroutedCodes()}`,
        license: { name: 'Proprietary', identifier: 'LicenseRef-Proprietary' },
      },
      servers: [{ url: '/', description: 'This server' }],
      tags,
      components: {
        securitySchemes: {
          [KEY_SCHEME]: {
            type: 'apiKey',
            in: 'header',
            name: 'X-API-Key',
            description: 'A key of one tenant: `cs_live_` and 32 hex digits.',
          },
          [CAPABILITY_SCHEME]: {
            type: 'apiKey',
            in: 'query',
            name: 'token',
            description: 'The token of an address that we have answered: good for that address alone, and for a while.',
          },
        },
      },
    },
    transform: ({ schema, url, route }) => ({
      schema: schema?.hide ? schema : withAnswers(schema ?? {}, route, keyFailures),
      url,
    }),
    transformObject: (document) => {
      if (!('openapiObject' in document)) throw new Error('OpenAPI was asked for, something else was made')
      const named = (status: string) => (STATUS_CODES[status] ?? status).replace(/\W/g, '')
      return shareResponses(hoistComponents(letBodiesBeLeftOut(document.openapiObject)), named)
    },
  })
}

type RouteSchema = NonNullable<RouteOptions['schema']>

function withAnswers(schema: RouteSchema, route: RouteOptions, keyFailures: readonly (() => Failure)[]): RouteSchema {
  const { access = 'any', uncharged, capability, answers: own = {} } = route.config ?? {}
  const limited = access !== 'unlimited' && !uncharged
  const failures = refusalsOf(schema, route, keyFailures).map((make) => make())
  const answers: Record<string, object> = Object.fromEntries(
    Object.entries(schema.response as Record<string, object>).map(([status, body]) => [
      status,
      withHeaders(status, body, { limited, own }),
    ]),
  )
  const byStatus = Map.groupBy(failures, ({ kind }) => STATUS[kind])
  for (const [status, group] of byStatus) answers[status] = problemAnswer(group)
  answers['500'] = INTERNAL_ANSWER
  const documented = {
    ...schema,
    // The generator marks a HEAD as if it were the shadow of a GET.
    ...(schema.operationId === undefined ? {} : { operationId: schema.operationId.replace(/-head$/, '') }),
    description: [
      schema.description,
      `**Scope:** ${scopeText(access)}${capability ? ', or the token in the address instead of a key' : ''}${uncharged ? '; counts for no limit' : ''}`,
    ]
      .filter(Boolean)
      .join('\n\n'),
    security: securityOf(access, capability !== undefined),
    response: answers,
    ...(route.config?.bodyOptional ? { [BODY_OPTIONAL]: true } : {}),
    ...(route.config?.bodies ? { body: withBodies(schema.body, route.config.bodies) } : {}),
    ...(schema.querystring ? { querystring: withoutPrefills(schema.querystring) } : {}),
    ...headersOf(schema.headers, route.config?.idempotent === true),
  }
  return documented as RouteSchema
}

function securityOf(access: Access, withCapability: boolean) {
  if (access === 'public' || access === 'unlimited') return []
  return [{ [KEY_SCHEME]: [] }, ...(withCapability ? [{ [CAPABILITY_SCHEME]: [] }] : [])]
}

const scopeText = (access: Access) =>
  ({
    prep: '`prep`',
    check: '`check`',
    any: '`prep` or `check`',
    public: 'none (limited per client address)',
    unlimited: 'none',
  })[access]

function refusalsOf(schema: RouteSchema, { config = {} }: RouteOptions, keyFailures: readonly (() => Failure)[]) {
  const limited = config.access !== 'unlimited' && !config.uncharged
  const keyed = config.access !== 'unlimited' && config.access !== 'public'
  const takesBody = schema.body !== undefined || config.streams === true
  const takesInput = takesBody || schema.params !== undefined || schema.querystring !== undefined
  const own = config.failures ?? []
  return [
    ...(keyed ? keyFailures : []),
    ...(limited ? [refusals.rateLimited] : []),
    ...(takesInput ? [refusals.invalidRequest] : []),
    ...(takesBody
      ? [refusals.malformedJson, refusals.bodyTooLarge, refusals.unsupportedType, refusals.requestTimedOut]
      : []),
    ...(config.idempotent ? [refusals.idempotencyKeyInUse, refusals.idempotencyKeyReused] : []),
    ...(keyed ? [refusals.serviceUnavailable] : []),
    ...own,
    refusals.malformedRequest,
  ]
}

function withHeaders(
  status: string,
  body: object,
  { limited, own }: { limited: boolean; own: Record<string, string> },
) {
  const headers: Record<string, object> = {
    'X-Request-Id': { type: 'string', description: 'Quote it when you report a problem.' },
  }
  if (limited) Object.assign(headers, rateHeaders)
  for (const [name, description] of Object.entries(own)) headers[name] = { type: 'string', description }
  if (status === '201' || status === '202')
    headers['Location'] = { type: 'string', description: 'Where the new thing is.' }
  if ('type' in body && body.type === 'null') return { description: descriptionOf(status), type: 'null', headers }
  // A route that answers with something else than JSON says so itself.
  const content = 'content' in body ? body.content : { 'application/json': { schema: body } }
  return { description: descriptionOf(status), headers, content }
}

const rateHeaders = {
  'RateLimit-Policy': { type: 'string', description: '`"prep";q=60;w=60`: 60 requests in any 60 seconds.' },
  RateLimit: {
    type: 'string',
    description: '`"prep";r=59;t=60`: 59 left; the oldest counted request leaves the window in 60 seconds.',
  },
}

const descriptionOf = (status: string) =>
  ({
    '200': 'Here it is.',
    '201': 'Created.',
    '202': 'Accepted: the work goes on in the background.',
    '204': 'Done; there is nothing to say.',
    '206': 'The part that was asked for.',
    '304': 'What you have is still the same.',
    '503': 'A part of the service does not work.',
  })[status] ?? 'Answer.'

function problemAnswer(failures: Failure[]) {
  // A code may have several sentences.
  const codes = [...new Map(failures.map((failure) => [`${failure.code} ${failure.message}`, failure])).values()]
  const nameOf = ({ code }: Failure, index: number) => {
    const before = codes.slice(0, index).filter((failure) => failure.code === code).length
    return before === 0 ? code : `${code}.${before + 1}`
  }
  const examples = Object.fromEntries(
    codes.map((failure, index) => [nameOf(failure, index), { value: problemOf(failure, REQUEST_ID) }]),
  )
  return {
    description: codes.map(({ code, message }) => `\`${code}\`: ${message}`).join('\n\n'),
    headers: {
      'X-Request-Id': { type: 'string' },
      ...(codes.some(({ retryAfter }) => retryAfter !== undefined)
        ? { 'Retry-After': { type: 'string', description: 'Seconds; waiting that long is enough.' } }
        : {}),
    },
    content: { [PROBLEM_TYPE]: { schema: Problem, examples } },
  }
}

const INTERNAL_ANSWER = {
  description: '`internal`: A defect of ours.',
  headers: { 'X-Request-Id': { type: 'string', description: 'Quote it when you report the problem.' } },
  content: { [PROBLEM_TYPE]: { schema: Problem, examples: { internal: { value: internalProblem(REQUEST_ID) } } } },
}

// deploy/nginx/maps.conf
const IN_FRONT = `The server in front of the API has four of its own, in the same form: \`request.https_required\` (403, over plain http),
\`route.forbidden\` (403), \`service.unreachable\` (502), and \`service.timeout\` (504: what was asked may have been done).`

function unroutedCodes(): string {
  const codes = UNROUTED.map((make) => make()).map(({ kind, code }) => `\`${code}\` (${STATUS[kind]})`)
  return `Every operation lists the codes it may answer. Three belong to none: ${codes.join(', ')}. ${IN_FRONT}`
}

function withBodies(body: unknown, bodies: Record<string, object>) {
  const { content = {} } = (body ?? {}) as { content?: object }
  return {
    content: { ...content, ...Object.fromEntries(Object.entries(bodies).map(([type, schema]) => [type, { schema }])) },
  }
}

type Properties = { properties?: Record<string, object>; required?: string[] }

/** Swagger UI fills a parameter in with its example: one that may be left out had better be empty. */
function withoutPrefills(query: unknown) {
  const { properties = {}, required = [], ...rest } = query as Properties
  const bare = Object.entries(properties).map(([name, { examples, ...property }]: [string, { examples?: unknown }]) => [
    name,
    required.includes(name) && examples !== undefined ? { ...property, examples } : property,
  ])
  return { ...rest, required, properties: Object.fromEntries(bare) }
}

/** Headers as they are written. Routes name them in small letters, in which they arrive. */
function headersOf(headers: unknown, idempotent: boolean) {
  const given = idempotent ? withIdempotencyKey(headers) : (headers as Properties | undefined)
  if (given === undefined) return {}
  const written = (name: string) => name.replace(/(?<=^|-)[a-z]/g, (letter) => letter.toUpperCase())
  const { properties = {}, required } = given as Properties
  const named = Object.entries(properties).map(([name, property]) => [written(name), property])
  return {
    headers: {
      ...given,
      properties: Object.fromEntries(named),
      ...(required ? { required: required.map(written) } : {}),
    },
  }
}

function withIdempotencyKey(headers: unknown) {
  const given = (headers ?? { type: 'object', properties: {} }) as { properties?: object }
  return {
    ...given,
    properties: {
      ...given.properties,
      'Idempotency-Key': {
        type: 'string',
        maxLength: 255,
        description: 'The same key and payload get the first answer again, for 24 hours.',
      },
    },
  }
}
