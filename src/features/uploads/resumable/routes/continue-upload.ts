import type { FastifyReply } from 'fastify'
import { courseNotFound } from '#features/courses/index.ts'
import {
  materialExternalIdTaken,
  queueFull,
  replacedUnknown,
  storageUnavailable,
  uploadInterrupted,
} from '#features/materials/index.ts'
import { quotaExceeded, uploadBusy } from '#features/storage/index.ts'
import { type Api, Empty, watchBody } from '#platform/http/index.ts'
import { uploadFinished, uploadNotFound } from '../../failures.ts'
import * as failures from '../failures.ts'
import { AppendHeaders, ContinuationHeaders, PIECE, UploadPath, UploadQuery } from '../schemas.ts'
import type { Continued, createResumableUploads } from '../uploads.ts'
import { type openAddress, targetOf } from './addresses.ts'

type Deps = {
  uploads: ReturnType<typeof createResumableUploads>
  address: ReturnType<typeof openAddress>
  /** Milliseconds for which a body may be silent. */
  stallMs: number
}

const PATH = '/courses/:courseId/uploads/:uploadId'

// What may be met by asking: an upload that is whole becomes a material as soon as anybody asks for it.
const MET = [
  failures.versionUnsupported,
  failures.headerInvalid,
  uploadNotFound,
  failures.uploadExpired,
  courseNotFound,
  materialExternalIdTaken,
  replacedUnknown,
  quotaExceeded,
  queueFull,
  storageUnavailable,
]

const STATE = {
  'Tus-Resumable': '`1.0.0`',
  'Upload-Offset': 'The bytes that are safe.',
  'Upload-Expires': 'Until when more is waited for; not once all have come.',
  'Content-Location': 'The material, once all have come.',
}

const TOKEN = [failures.tokenInvalid, failures.tokenExpired]

export function lookAtUploadRoute(api: Api, { uploads, address }: Deps) {
  api.head(
    PATH,
    {
      schema: {
        operationId: 'lookAtUpload',
        summary: 'Where a resumable upload stands',
        description:
          '`Upload-Offset` is the number of bytes that are safe; `Upload-Expires` until when more is waited for. Once all have come, `Content-Location` is the material. Ends a request that writes to the upload at this moment.',
        tags: ['materials'],
        params: UploadPath,
        querystring: UploadQuery,
        headers: ContinuationHeaders,
        response: { 200: Empty },
      },
      config: {
        access: 'prep',
        uncharged: true,
        ...address,
        answers: {
          ...STATE,
          'Upload-Length': 'The bytes of the whole file.',
          'Upload-Metadata': 'What the creation said.',
        },
        failures: [...MET, ...TOKEN],
        swagger: { exposeHeadRoute: true },
      },
    },
    async (request, reply) => answer(reply, await uploads.look(targetOf(request, request.params), request.headers)),
  )
}

/** Its body is no other type than the protocol's, and is left in the request. */
export async function appendToUploadRoute(api: Api, { uploads, address, stallMs }: Deps) {
  await api.register(async (scope: Api) => {
    scope.removeAllContentTypeParsers()
    scope.addContentTypeParser('application/offset+octet-stream', (_request, _payload, done) => done(null, undefined))
    scope.patch(
      PATH,
      {
        schema: {
          operationId: 'appendToUpload',
          summary: 'Send bytes of a resumable upload',
          description:
            'What came is safe as far as `Upload-Offset` says, also when the connection breaks. The last bytes make the material, whose address is `Content-Location`; its `sha256` is null until it was read.',
          tags: ['materials'],
          params: UploadPath,
          querystring: UploadQuery,
          headers: AppendHeaders,
          response: { 204: Empty },
        },
        config: {
          access: 'prep',
          uncharged: true,
          ...address,
          answers: STATE,
          streams: true,
          bodies: { 'application/offset+octet-stream': PIECE },
          failures: [
            ...MET,
            ...TOKEN,
            failures.offsetMismatch,
            failures.uploadOvertaken,
            failures.lengthExceeded,
            failures.extensionUnsupported,
            uploadInterrupted,
            uploadBusy,
          ],
        },
      },
      async (request, reply) => {
        const { signal } = watchBody(request.raw, { stallMs, interrupted: uploadInterrupted })
        const target = targetOf(request, request.params)
        return answer(reply, await uploads.append(target, request.headers, { bytes: request.raw, signal }))
      },
    )
  })
}

export function deleteUploadRoute(api: Api, { uploads }: Deps) {
  api.delete(
    PATH,
    {
      schema: {
        operationId: 'deleteUpload',
        summary: 'Give up a resumable upload',
        description:
          'What had come is deleted, and the quota gets its room back. Needs a key: the token is not enough.',
        tags: ['materials'],
        params: UploadPath,
        querystring: UploadQuery,
        headers: ContinuationHeaders,
        response: { 204: Empty },
      },
      config: {
        access: 'prep',
        uncharged: true,
        failures: [failures.versionUnsupported, failures.headerInvalid, uploadNotFound, uploadFinished],
      },
    },
    async (request, reply) => answer(reply, await uploads.remove(targetOf(request, request.params), request.headers)),
  )
}

function answer(reply: FastifyReply, { status, headers, materialId }: Continued) {
  if (materialId !== null) reply.header('content-location', `/api/v1/materials/${materialId}`)
  return reply.headers(headers).code(status).send(null)
}
