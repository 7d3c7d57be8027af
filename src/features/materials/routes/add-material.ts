import multipart from '@fastify/multipart'
import type { Static } from 'typebox'
import { courseNotFound } from '#features/courses/index.ts'
import { quotaExceeded, uploadBusy } from '#features/storage/index.ts'
import { Failure, invalid } from '#kernel/failure.ts'
import { type Api, Id, Input, type Once } from '#platform/http/index.ts'
import {
  digestMismatch,
  materialExternalIdTaken,
  materialTooLarge,
  materialUnsupportedType,
  queueFull,
  uploadInterrupted,
  urlRefused,
  videoPlatform,
} from '../failures.ts'
import { describeFormats } from '../formats.ts'
import type { Material } from '../materials.ts'
import { MaterialBody, NewUrlMaterial, presentMaterial, RawUploadQuery } from '../schemas.ts'
import type { createUploads } from '../upload.ts'
import { fileOf, leastSizeOf, refuseDeclared, type UploadLimits } from './file-request.ts'
import { FORM_BODY, RAW_BODY } from './upload-bodies.ts'

type Deps = { uploads: ReturnType<typeof createUploads>; once: Once; limits: UploadLimits }

/** One operation in three dresses: JSON with an address, a form with a file, the bytes themselves. */
export async function addMaterialRoute(api: Api, { uploads, once, limits }: Deps) {
  await api.register(async (scope: Api) => {
    await scope.register(multipart)
    // Any other type is the file's own: its bytes are left in the request.
    scope.addContentTypeParser('*', (_request, _payload, done) => done(null, undefined))
    scope.addHook('preParsing', async (request, _reply, payload) => {
      refuseDeclared(request, limits)
      return payload
    })
    scope.post(
      '/courses/:courseId/materials',
      {
        schema: {
          operationId: 'addMaterial',
          summary: 'Add a material to a course',
          description:
            'One operation in three dresses: JSON with a `source_url`; a form with `source_type` and `file`; or the bytes themselves with `?source_type=` and `?filename=`. The material is `pending` until it was read in the background.\n\n' +
            describeFormats(),
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
            urlRefused,
            videoPlatform,
            digestMismatch,
            queueFull,
            quotaExceeded,
            uploadBusy,
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
        const place = uploads.placeFor(request.caller)
        try {
          let refused: unknown
          if (request.isMultipart()) {
            await uploads.expectForm(request.caller, courseId, leastSizeOf(request), place).catch((error: unknown) => {
              // It may be the repetition of one that was accepted, and filled the storage itself.
              const isFull = error instanceof Failure && error.code === quotaExceeded().code
              if (!isFull || request.headers['idempotency-key'] === undefined) throw error
              refused = error
            })
          }
          const source = await fileOf(request, limits)
          const { filename, early, declaredSha256: sha256 } = source
          return await once<Material>(request, reply, {
            work: async (settle) => {
              if (refused !== undefined) throw refused
              return uploads.addFile(request.caller, courseId, source, place, settle)
            },
            answer,
            payload: {
              declared: sha256 && early.sourceType && payloadOf(filename, early.sourceType, sha256),
              of: (material) => payloadOf(material.filename, material.sourceType, material.sha256),
              read: async () => {
                const sha256 = await uploads.digest(source, place)
                return payloadOf(filename, (await source.fields()).sourceType, sha256)
              },
            },
          })
        } finally {
          place.leave()
        }
      },
    )
  })
}

const payloadOf = (...parts: (string | null | undefined)[]) => JSON.stringify(parts)

function urlSource(body: Static<typeof NewUrlMaterial>) {
  const { source_type: sourceType, source_url: sourceUrl, external_id: externalId = null, replaces = null } = body
  return { sourceType, sourceUrl, externalId, replaces }
}
