import type { MultipartValue } from '@fastify/multipart'
import { invalid } from '#kernel/failure.ts'
import { isSourceType, SOURCE_TYPES } from '../formats.ts'
import type { FileFields } from '../keep.ts'

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i

/** Notes what a form's text field says. No validator sees these fields, so they are checked here: a wrong one is a 422. */
export function keepField(said: FileFields, { fieldname: name = '', value, valueTruncated }: MultipartValue) {
  if (name === 'source_url') throw invalid(name, 'cannot come with a file; send JSON instead')
  if (name === 'file') throw invalid(name, 'must be a file with a filename')
  if (name !== 'source_type' && name !== 'external_id' && name !== 'replaces') {
    throw invalid(name, 'is not a known field')
  }
  if (typeof value !== 'string' || value.includes('\u0000')) throw invalid(name, 'must be text without U+0000')
  if (valueTruncated) throw invalid(name, 'is too long')
  if (name === 'source_type') {
    once(name, said.sourceType)
    if (!isSourceType(value)) {
      throw invalid(name, `must be ${SOURCE_TYPES.map((type) => JSON.stringify(type)).join(' or ')}`)
    }
    said.sourceType = value
  } else if (name === 'external_id') {
    once(name, said.externalId)
    if (!/\S/.test(value) || [...value].length > 200) throw invalid(name, 'must have 1 to 200 characters')
    said.externalId = value
  } else {
    once(name, said.replaces)
    if (!UUID.test(value)) throw invalid(name, 'must match format "uuid"')
    said.replaces = value
  }
}

function once(name: string, before: unknown) {
  if (before !== undefined) throw invalid(name, 'is given twice')
}
