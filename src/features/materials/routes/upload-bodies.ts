import { Type } from 'typebox'
import { SOURCE_TYPES } from '../formats.ts'
import { Replaces } from '../schemas.ts'

// For the OpenAPI document: these bodies are streams that no validator sees.

const File = { type: 'string', contentMediaType: 'application/octet-stream', format: 'binary' }

export const FORM_BODY = {
  type: 'object',
  required: ['source_type', 'file'],
  properties: {
    source_type: { type: 'string', enum: [...SOURCE_TYPES] },
    file: File,
    external_id: Type.String({ minLength: 1, maxLength: 200 }),
    // Without the example: Swagger UI would send it.
    replaces: { type: 'string', format: 'uuid', description: Replaces.description },
  },
}

export const RAW_BODY = { ...File, description: 'The file’s bytes, with its own Content-Type.' }
