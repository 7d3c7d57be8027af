import { courseNotFound } from '#features/courses/index.ts'
import {
  type Material,
  MaterialBody,
  materialExternalIdTaken,
  materialNotFound,
  presentMaterial,
  queueFull,
} from '#features/materials/index.ts'
import { quotaExceeded } from '#features/storage/index.ts'
import { type Api, Empty, type Once } from '#platform/http/index.ts'
import { uploadFinished, uploadNotFound } from '../../failures.ts'
import type { createDirectUploads } from '../direct.ts'
import { directNotAvailable, uploadIncomplete } from '../failures.ts'
import { DirectUploadBody, DirectUploadParams, presentDirectUpload } from '../schemas.ts'

type Deps = { direct: ReturnType<typeof createDirectUploads>; once: Once }

const PATH = '/courses/:courseId/materials/direct/:directUploadId'

export function getDirectUploadRoute(api: Api, { direct }: Deps) {
  api.get(
    PATH,
    {
      schema: {
        operationId: 'getDirectUpload',
        summary: 'What the bucket still lacks of an upload, with fresh addresses',
        tags: ['materials'],
        params: DirectUploadParams,
        response: { 200: DirectUploadBody },
      },
      config: { access: 'prep', failures: [uploadNotFound, directNotAvailable] },
    },
    async ({ caller, params }) =>
      presentDirectUpload(await direct.show(caller, params.courseId, params.directUploadId)),
  )
}

export function completeDirectUploadRoute(api: Api, { direct, once }: Deps) {
  api.post(
    `${PATH}/complete`,
    {
      schema: {
        operationId: 'completeDirectUpload',
        summary: 'Make a material of what is in the bucket',
        description:
          'Takes no body: we ask the bucket which parts it has. Repeating it is safe, and answers with the same material for a day. Its `sha256` is null until it was read.',
        tags: ['materials'],
        params: DirectUploadParams,
        response: { 201: MaterialBody },
      },
      config: {
        access: 'prep',
        idempotent: true,
        failures: [
          uploadNotFound,
          uploadIncomplete,
          courseNotFound,
          materialNotFound,
          materialExternalIdTaken,
          quotaExceeded,
          queueFull,
          directNotAvailable,
        ],
      },
    },
    (request, reply) =>
      once<Material>(request, reply, {
        work: (settle) => {
          const { courseId, directUploadId } = request.params
          return direct.complete(request.caller, courseId, directUploadId, settle)
        },
        answer: (material) => ({
          status: 201,
          location: `/api/v1/materials/${material.id}`,
          body: presentMaterial(material),
        }),
      }),
  )
}

export function cancelDirectUploadRoute(api: Api, { direct }: Deps) {
  api.delete(
    PATH,
    {
      schema: {
        operationId: 'cancelDirectUpload',
        summary: 'Give an unfinished upload up',
        tags: ['materials'],
        params: DirectUploadParams,
        response: { 204: Empty },
      },
      config: { access: 'prep', failures: [uploadNotFound, uploadFinished, directNotAvailable] },
    },
    async ({ caller, params }, reply) => {
      await direct.cancel(caller, params.courseId, params.directUploadId)
      return reply.code(204).send(null)
    },
  )
}
