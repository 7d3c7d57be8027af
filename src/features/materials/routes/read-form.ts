import type { Multipart } from '@fastify/multipart'
import type { FastifyRequest } from 'fastify'
import { invalid } from '#kernel/failure.ts'
import { isSourceType } from '../formats.ts'
import type { FileFields } from '../upload.ts'

export type UploadForm = {
  filename: string
  contentType: string | null
  body: AsyncIterable<Uint8Array>
  /** What was said before the file. */
  early: FileFields
  /** Reads what comes after the file's last byte and returns all that was said. */
  rest(): Promise<FileFields>
}

// A form is small but for its file. `fileSize` is counted by whoever stores it.
const LIMITS = {
  files: 2,
  fields: 10,
  parts: 12,
  fieldNameSize: 100,
  fieldSize: 4_096,
  headerPairs: 20,
  fileSize: Number.POSITIVE_INFINITY,
}

/** Reads a `multipart/form-data` request as far as its file, whose bytes are left to stream. */
export async function readForm(request: FastifyRequest): Promise<UploadForm> {
  const parts = request.parts({ limits: LIMITS })
  const said: Record<string, string> = {}
  for (let next = await parts.next(); !next.done; next = await parts.next()) {
    const part: Multipart = next.value
    if (part.type === 'field') {
      keepField(said, part)
      continue
    }
    if (part.fieldname !== 'file') throw invalid(part.fieldname, 'is not a known field; the file belongs in file')
    return {
      filename: part.filename,
      contentType: part.mimetype || null,
      body: part.file,
      early: { ...said },
      rest: async () => {
        for await (const later of parts) {
          if (later.type === 'file') throw invalid(later.fieldname, 'is a second file; send one request for each')
          keepField(said, later)
        }
        return said
      },
    }
  }
  throw invalid('file', 'is required')
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i

const FIELDS: Record<string, { name: keyof FileFields; wrong: (value: string) => string | undefined }> = {
  source_type: {
    name: 'sourceType',
    wrong: (value) => (isSourceType(value) ? undefined : 'must be "video" or "presentation" or "text" or "web"'),
  },
  external_id: {
    name: 'externalId',
    wrong: (value) => (/\S/.test(value) && [...value].length <= 200 ? undefined : 'must have 1 to 200 characters'),
  },
  replaces: { name: 'replaces', wrong: (value) => (UUID.test(value) ? undefined : 'must match format "uuid"') },
}

function keepField(said: Record<string, string>, part: Extract<Multipart, { type: 'field' }>) {
  const field = FIELDS[part.fieldname]
  if (field === undefined) {
    throw invalid(
      part.fieldname,
      part.fieldname === 'source_url' ? 'cannot come with a file; send JSON instead' : 'is not a known field',
    )
  }
  const value = String(part.value)
  const wrong = value.includes('\u0000')
    ? 'must be text without U+0000'
    : part.valueTruncated
      ? 'is too long'
      : field.wrong(value)
  if (wrong !== undefined) throw invalid(part.fieldname, wrong)
  said[field.name] = value
}
