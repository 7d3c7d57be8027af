import { Readable } from 'node:stream'
import { create as contentDisposition } from 'content-disposition'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import { unavailable } from '#kernel/failure.ts'
import { type Api, Empty, Input, Timestamp } from '#platform/http/index.ts'
import { malformedRequest } from '#platform/http/refusals.ts'
import type { createContent } from '../content.ts'
import {
  contentLinkInvalid,
  contentMissing,
  materialNotFound,
  noContent,
  rangeUnsatisfiable,
} from '../content-failures.ts'
import { chooseBytes } from '../content-range.ts'
import { MaterialParams } from '../schemas.ts'

type Deps = { content: ReturnType<typeof createContent> }

const SECONDS = 900

export function linkContentRoute(api: Api, { content }: Deps) {
  api.get(
    '/materials/:materialId/content',
    {
      schema: {
        operationId: 'getMaterialContent',
        summary: 'An address of the file itself',
        description:
          'Never a redirect: clients would carry your key along. The address needs no key, so that a browser can be sent there; ranges are served.',
        tags: ['materials'],
        params: MaterialParams,
        querystring: Input({
          expires_in: Type.Optional(
            Type.Integer({ minimum: 60, maximum: 21_600, default: SECONDS, description: 'Seconds.' }),
          ),
        }),
        response: {
          200: Type.Object({ url: Type.String(), expires_at: Timestamp }, { title: 'ContentLink' }),
        },
      },
      config: { access: 'prep', failures: [materialNotFound, noContent, contentMissing] },
    },
    async (request) => {
      const origin = originOf(request)
      const { url, expiresAt } = await content.link(request.caller, request.params.materialId, {
        seconds: request.query.expires_in ?? SECONDS,
        urlOf: (token) => `${origin}/api/v1/content/${token}`,
      })
      return { url, expires_at: expiresAt.toISOString() }
    },
  )
}

/** The address under which this request came, as far as trusted proxies tell. */
function originOf({ protocol, host }: FastifyRequest): string {
  const origin = `${protocol}://${host}`
  if (!URL.canParse(origin)) throw malformedRequest()
  return new URL(origin).origin
}

const Bytes = {
  content: { '*/*': { schema: Type.Unsafe<Readable>({ type: 'string', format: 'binary' }) } },
}

// A page may show the file wherever the link was given to; as a page of its own it can do nothing.
const HEADERS = {
  'accept-ranges': 'bytes',
  'cache-control': 'private, no-cache',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'; sandbox",
  'cross-origin-resource-policy': 'cross-origin',
}

/** The link is the permission, and a player asks for many ranges: nothing is counted. */
export function readContentRoute(api: Api, { content }: Deps) {
  api.get(
    '/content/:token',
    {
      schema: {
        operationId: 'readContent',
        summary: 'The file that a link of ours leads to',
        description: 'Serves `Range`, `If-Range` and `If-None-Match`.',
        tags: ['materials'],
        params: Input({ token: Type.String({ minLength: 1, maxLength: 1_000 }) }),
        response: { 200: Bytes, 206: Bytes, 304: Empty },
      },
      config: {
        access: 'unlimited',
        failures: [contentLinkInvalid, materialNotFound, contentMissing, rangeUnsatisfiable, unavailable],
      },
    },
    async (request, reply) => {
      const file = await content.open(request.params.token)
      const { size, etag } = file
      reply.headers(HEADERS).header('etag', etag)
      const isGet = request.method === 'GET'
      const { range, 'if-range': ifRange, 'if-none-match': ifNoneMatch } = request.headers
      // A range means something to GET only (RFC 9110, 14.2).
      const chosen = chooseBytes({ ...(isGet ? { range, ifRange: one(ifRange) } : {}), ifNoneMatch }, file)
      if (chosen.kind === 'unchanged') return reply.code(304).send(null)
      if (chosen.kind === 'unsatisfiable') {
        reply.header('content-range', `bytes */${size}`)
        throw rangeUnsatisfiable()
      }
      const asked = chosen.kind === 'part' ? chosen.range : undefined
      const body = isGet ? await file.read(asked) : Readable.from([])
      reply.header('content-disposition', contentDisposition(file.filename)).type(file.contentType)
      if (asked === undefined) return send(reply.header('content-length', size), body)
      const { start, end } = asked
      reply
        .code(206)
        .header('content-range', `bytes ${start}-${end}/${size}`)
        .header('content-length', end - start + 1)
      return send(reply, body)
    },
  )
}

const one = (header: string | string[] | undefined) => (typeof header === 'string' ? header : undefined)

// Fastify ends the stream when the client goes.
const send = (reply: FastifyReply, body: Readable) => reply.send(body) as never
