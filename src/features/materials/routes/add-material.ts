import multipart from '@fastify/multipart'
import type { FastifyRequest } from 'fastify'
import type { Static } from 'typebox'
import { courseNotFound } from '#features/courses/index.ts'
import { invalid } from '#kernel/failure.ts'
import { type Api, Id, Input, type Once } from '#platform/http/index.ts'
import {
  materialExternalIdTaken,
  materialTooLarge,
  materialUnsupportedType,
  queueFull,
  uploadInterrupted,
} from '../failures.ts'
import type { Material } from '../materials.ts'
import { MaterialBody, NewUrlMaterial, presentMaterial, RawUploadQuery } from '../schemas.ts'
import type { createUploads, FileSource } from '../upload.ts'
import { declaredSha256, sha256Of } from './digest.ts'
import { readForm } from './read-form.ts'
import { FORM_BODY, RAW_BODY } from './upload-bodies.ts'

type Deps = { uploads: ReturnType<typeof createUploads>; once: Once; maxBytes: number }

/** A form may be larger than its file by this much framing. */
const FORM_ROOM = 1024 * 1024

/** One operation in three dresses: JSON with an address, a form with a file, the bytes themselves. */
export async function addMaterialRoute(api: Api, { uploads, once, maxBytes }: Deps) {
  await api.register(async (scope: Api) => {
    await scope.register(multipart)
    // Any other type is the file's own: its bytes are left in the request.
    scope.addContentTypeParser('*', (_request, _payload, done) => done(null, undefined))
    scope.post(
      '/courses/:courseId/materials',
      {
        bodyLimit: maxBytes + FORM_ROOM,
        schema: {
          operationId: 'addMaterial',
          summary: 'Add a material to a course',
          description:
            'One operation in three dresses: JSON with a `source_url`; a form with `source_type` and `file`; or the bytes themselves with `?source_type=` and `?filename=`. The material is `pending` until it was read in the background.',
          tags: ['materials'],
          params: Input({ courseId: Id }),
          querystring: RawUploadQuery,
          body: { content: { 'application/json': { schema: NewUrlMaterial } } },
          response: { 201: MaterialBody },
        },
        config: {
          access: 'prep',
          idempotent: true,
          streams: true,
          bodies: { 'multipart/form-data': FORM_BODY, 'application/octet-stream': RAW_BODY },
          failures: [
            courseNotFound,
            materialExternalIdTaken,
            materialTooLarge,
            materialUnsupportedType,
            uploadInterrupted,
            queueFull,
          ],
        },
      },
      async (request, reply) => {
        const { courseId } = request.params
        const answer = (material: Material) => ({
          status: 201,
          location: `/api/v1/materials/${material.id}`,
          body: presentMaterial(material),
        })
        if (request.body !== undefined) {
          if (Object.keys(request.query).length > 0)
            throw invalid('source_url', 'cannot come with the parameters of a file')
          const source = urlSource(request.body as Static<typeof NewUrlMaterial>)
          return once<Material>(request, reply, {
            work: (settle) => uploads.addUrl(request.caller, courseId, source, settle),
            answer,
          })
        }
        const source = request.isMultipart() ? await formSource(request, maxBytes) : rawSource(request)
        return once<Material>(request, reply, {
          work: (settle) => uploads.addFile(request.caller, courseId, source, settle),
          answer,
          payload: {
            declared:
              source.declaredSha256 &&
              source.early.sourceType &&
              payloadOf(source.filename, source.early.sourceType, source.declaredSha256),
            of: ({ filename, sourceType, sha256 }) => payloadOf(filename, sourceType, sha256),
            read: async () => {
              const sha256 = await sha256Of(source.body)
              return payloadOf(source.filename, (await source.fields()).sourceType, sha256)
            },
          },
        })
      },
    )
  })
}

const payloadOf = (...parts: (string | null | undefined)[]) => JSON.stringify(parts)

function urlSource(body: Static<typeof NewUrlMaterial>) {
  const { source_type: sourceType, source_url: sourceUrl, external_id: externalId = null, replaces = null } = body
  return { sourceType, sourceUrl, externalId, replaces }
}

async function formSource(request: FastifyRequest, maxBytes: number): Promise<FileSource> {
  const length = declaredLength(request)
  if (length !== undefined && length > maxBytes + FORM_ROOM) throw materialTooLarge(maxBytes)
  if (Object.keys(request.query as object).length > 0) throw invalid('source_type', 'belongs in the form')
  const { filename, contentType, body, early, rest } = await readForm(request)
  const source = { filename, contentType, body, early, fields: rest }
  return {
    ...source,
    filename: requireName(filename),
    declaredSize: undefined,
    declaredSha256: declaredSha256(request.headers),
  }
}

function rawSource(request: FastifyRequest): FileSource {
  const {
    source_type: sourceType,
    filename,
    external_id: externalId,
    replaces,
  } = request.query as Static<typeof RawUploadQuery>
  if (sourceType === undefined) throw invalid('source_type', 'is required')
  if (filename === undefined) throw invalid('filename', 'is required')
  const fields = {
    sourceType,
    ...(externalId === undefined ? {} : { externalId }),
    ...(replaces === undefined ? {} : { replaces }),
  }
  return {
    filename: requireName(filename),
    contentType: request.headers['content-type'] ?? null,
    declaredSize: declaredLength(request),
    declaredSha256: declaredSha256(request.headers),
    body: request.raw,
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

function declaredLength({ headers }: FastifyRequest): number | undefined {
  const length = headers['content-length']
  return length === undefined ? undefined : Number(length)
}
