import type { FastifyRequest } from 'fastify'
import type { Static } from 'typebox'
import { invalid } from '#kernel/failure.ts'
import { watchBody } from '#platform/http/index.ts'
import { materialTooLarge, materialUnsupportedType, uploadInterrupted } from '../failures.ts'
import { extensionOf, isSourceType, isUploadable } from '../formats.ts'
import type { RawUploadQuery } from '../schemas.ts'
import type { FileSource } from '../upload.ts'
import { declaredSha256 } from './digest.ts'
import { readForm } from './read-form.ts'

/** A form may be larger than its file by this much framing. */
const FORM_ROOM = 1024 * 1024

export type UploadLimits = {
  maxBytes: number
  /** Milliseconds of silence after which an upload has failed. */
  stallMs: number
}

/** What a file's request says of itself in size and type comes before everything else that may be wrong with it. */
export function refuseDeclared(request: FastifyRequest, { maxBytes }: UploadLimits) {
  // JSON has Fastify's own, much lower limit.
  if (request.mediaType === 'application/json') return
  const isForm = request.mediaType === 'multipart/form-data'
  const length = declaredLength(request) ?? 0
  if (length > (isForm ? maxBytes + FORM_ROOM : maxBytes)) throw materialTooLarge(maxBytes)
  const { filename, source_type: sourceType } = request.query as Record<string, unknown>
  if (isForm || typeof filename !== 'string' || filename === '') return
  if (!isUploadable(filename, isSourceType(sourceType) ? sourceType : undefined)) {
    throw materialUnsupportedType(extensionOf(filename))
  }
}

/** The file of a form or of a raw body, not read yet. */
export async function fileOf(request: FastifyRequest, { stallMs }: UploadLimits): Promise<FileSource> {
  const sha256 = declaredSha256(request.headers)
  const watch = watchBody(request.raw, { stallMs, interrupted: uploadInterrupted })
  const source = request.isMultipart() ? formFile : rawFile
  return { ...(await source(request, watch)), declaredSha256: sha256, signal: watch.signal }
}

type Undeclared = Omit<FileSource, 'declaredSha256' | 'signal'>

async function formFile(request: FastifyRequest, watch: ReturnType<typeof watchBody>): Promise<Undeclared> {
  if (Object.keys(request.query as object).length > 0) throw invalid('source_type', 'belongs in the form')
  const { filename, contentType, body, early, rest } = await readForm(request, watch)
  return {
    filename: requireName(filename),
    contentType: sane(contentType),
    declaredSize: undefined,
    body,
    early,
    fields: rest,
  }
}

async function rawFile(request: FastifyRequest): Promise<Undeclared> {
  const query = request.query as Static<typeof RawUploadQuery>
  const { source_type: sourceType, filename, external_id: externalId, replaces } = query
  if (sourceType === undefined) throw invalid('source_type', 'is required')
  if (filename === undefined) throw invalid('filename', 'is required')
  const fields = {
    sourceType,
    ...(externalId === undefined ? {} : { externalId }),
    ...(replaces === undefined ? {} : { replaces }),
  }
  return {
    filename: requireName(filename),
    contentType: sane(request.headers['content-type'] ?? null),
    declaredSize: declaredLength(request),
    // Not to be destroyed when nobody reads on: that would take the answer with it.
    body: request.raw.iterator({ destroyOnReturn: false }),
    early: fields,
    fields: async () => fields,
  }
}

function requireName(filename: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
  if (filename.trim() === '' || [...filename].length > 255 || /[\u0000-\u001f\u007f/\\]/.test(filename)) {
    throw invalid('filename', 'must be a plain file name of 1 to 255 characters')
  }
  return filename
}

/** Only tells; the file's extension decides. One that could not be kept is as good as none. */
const sane = (contentType: string | null) =>
  contentType !== null && /^[\x20-\x7e]{1,255}$/.test(contentType) ? contentType : null

function declaredLength({ headers }: FastifyRequest): number | undefined {
  const length = headers['content-length']
  return length === undefined ? undefined : Number(length)
}
