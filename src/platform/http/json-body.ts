import { isUtf8 } from 'node:buffer'
import { invalid } from '#kernel/failure.ts'
import type { Api } from './api.ts'
import { malformedJson } from './refusals.ts'

/** How bodies are read unless a route reads its own: as strict JSON in UTF-8, or not at all. */
export function readJsonBodies(api: Api) {
  const parse = api.getDefaultJsonParser('error', 'error')
  api.removeContentTypeParser(['application/json', 'text/plain'])
  api.addContentTypeParser('application/json', { parseAs: 'buffer' }, (request, body: Buffer, done) => {
    // Many clients send Content-Type: application/json with every DELETE.
    if (body.length === 0) done(null, undefined)
    // Decoding would put U+FFFD in the place of what is no UTF-8, and keep that.
    else if (!isUtf8(body)) done(malformedJson())
    else parse(request, body.toString('utf8'), done)
  })
  api.addHook('preValidation', async (request) => {
    const { config, schema } = request.routeOptions
    if (config.bodyOptional) request.body ??= {}
    if (schema?.body === undefined && !config.streams) refuseFields(request.body)
  })
}

// Where no body is asked for, an empty one does no harm; a field of it would be an unknown field.
function refuseFields(body: unknown) {
  if (body === undefined) return
  if (typeof body !== 'object' || body === null || Array.isArray(body)) throw invalid('body', 'is not taken here')
  const [field] = Object.keys(body)
  if (field !== undefined) throw invalid(field, 'is not a known field')
}
