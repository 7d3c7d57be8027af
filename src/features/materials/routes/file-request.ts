import type { FastifyRequest } from 'fastify'
import type { Static } from 'typebox'
import { invalid } from '#kernel/failure.ts'
import { watchBody } from '#platform/http/index.ts'
import { materialTooLarge, materialUnsupportedType, uploadInterrupted } from '../failures.ts'
import { requireFileName, saneType } from '../file-name.ts'
import { contentTypeOf, extensionOf, isSourceType, isUploadable } from '../formats.ts'
import type { FileSource } from '../keep.ts'
import type { RawUploadQuery } from '../schemas.ts'
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
  const known = isSourceType(sourceType) ? sourceType : undefined
  if (!isUploadable(filename, known)) {
    throw materialUnsupportedType(extensionOf(filename), known)
  }
}

/** The bytes that the file of a form has at least, by what the request declares. */
export const leastSizeOf = (request: FastifyRequest) => Math.max(0, (declaredLength(request) ?? 0) - FORM_ROOM)

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
    filename: requireFileName(filename),
    contentType: contentTypeOf(filename, saneType(contentType)),
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
    filename: requireFileName(filename),
    contentType: contentTypeOf(filename, saneType(request.headers['content-type'] ?? null)),
    declaredSize: declaredLength(request),
    body: request.raw,
    early: fields,
    fields: async () => fields,
  }
}

function declaredLength({ headers }: FastifyRequest): number | undefined {
  const length = headers['content-length']
  return length === undefined ? undefined : Number(length)
}
