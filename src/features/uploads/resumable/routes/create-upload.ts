import { courseNotFound } from '#features/courses/index.ts'
import {
  materialExternalIdTaken,
  materialTooLarge,
  materialUnsupportedType,
  queueFull,
  replacedUnknown,
} from '#features/materials/index.ts'
import { quotaExceeded } from '#features/storage/index.ts'
import { type Api, Empty, type Once } from '#platform/http/index.ts'
import { extensionUnsupported, headerInvalid, tooManyOpen, versionUnsupported } from '../failures.ts'
import { CoursePath, CreationHeaders } from '../schemas.ts'
import type { CreatedUpload, createResumableUploads } from '../uploads.ts'
import { addressOf } from './addresses.ts'

type Deps = { uploads: ReturnType<typeof createResumableUploads>; once: Once }

export function createUploadRoute(api: Api, { uploads, once }: Deps) {
  api.post(
    '/courses/:courseId/uploads',
    {
      schema: {
        operationId: 'createUpload',
        summary: 'Begin a resumable upload',
        description:
          'The creation of tus 1.0 (https://tus.io/protocols/resumable-upload), for any tus client. `Location` is the address to send the file to. Its token is as good as a key for going on with this one upload, for 7 days, so it may be handed to a browser: a page of the `origin` that the metadata names may use it. An upload that nobody goes on with for 24 hours is dropped (`Upload-Expires`). Its id becomes the id of the material.',
        tags: ['materials'],
        params: CoursePath,
        headers: CreationHeaders,
        response: { 201: Empty },
      },
      preParsing: async ({ headers }, _reply, payload) => {
        uploads.refuseDeclared(headers)
        return payload
      },
      config: {
        access: 'prep',
        idempotent: true,
        answers: { 'Tus-Resumable': '`1.0.0`', 'Upload-Expires': 'Until when the first bytes are waited for.' },
        failures: [
          versionUnsupported,
          headerInvalid,
          extensionUnsupported,
          materialTooLarge,
          quotaExceeded,
          materialUnsupportedType,
          courseNotFound,
          materialExternalIdTaken,
          replacedUnknown,
          tooManyOpen,
          queueFull,
        ],
      },
    },
    (request, reply) => {
      const { caller, headers, params } = request
      const said = JSON.stringify([headers['upload-length'], headers['upload-metadata']])
      return once<CreatedUpload>(request, reply, {
        work: async (settle) => {
          const { created, answer } = await uploads.create(caller.tenantId, params.courseId, { headers, settle })
          reply.headers(answer.headers)
          return created
        },
        answer: (created) => ({ status: 201, location: addressOf(params.courseId, created), body: null }),
        payload: { declared: said, of: () => said, read: async () => said },
      })
    },
  )
}
