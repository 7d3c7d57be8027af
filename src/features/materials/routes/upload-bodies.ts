import { Type } from 'typebox'
import { Id } from '#platform/http/index.ts'
import { SOURCE_TYPES } from '../formats.ts'

// For the OpenAPI document: these bodies are streams that no validator sees.

const File = { type: 'string', contentMediaType: 'application/octet-stream', format: 'binary' }

export const FORM_BODY = {
  type: 'object',
  required: ['source_type', 'file'],
  properties: {
    source_type: { type: 'string', enum: [...SOURCE_TYPES] },
    file: File,
    external_id: Type.String({ minLength: 1, maxLength: 200 }),
    replaces: Id,
  },
}

export const RAW_BODY = { ...File, description: 'The file’s bytes, with its own Content-Type.' }
