import { courseNotFound } from '#features/courses/index.ts'
import { materialExternalIdTaken, materialTooLarge, materialUnsupportedType } from '#features/materials/index.ts'
import { quotaExceeded } from '#features/storage/index.ts'
import type { Api, Once } from '#platform/http/index.ts'
import type { createDirectUploads, DirectUpload } from '../direct.ts'
import { directNotAvailable, tooManyOpen } from '../failures.ts'
import {
  DirectCourseParams,
  DirectUploadBody,
  directOrder,
  NewDirectUpload,
  pathOfUpload,
  presentDirectUpload,
} from '../schemas.ts'

type Deps = { direct: ReturnType<typeof createDirectUploads>; once: Once }

export function beginDirectUploadRoute(api: Api, { direct, once }: Deps) {
  api.post(
    '/courses/:courseId/materials/direct',
    {
      schema: {
        operationId: 'beginDirectUpload',
        summary: 'Upload a file straight to the bucket',
        description:
          'Answers with one address for each part of the file. PUT the parts there, in any order and as many at once as you like, then POST to `complete_url`: the file becomes a material. The quota keeps room for it until then, a day at most.',
        tags: ['materials'],
        params: DirectCourseParams,
        body: NewDirectUpload,
        response: { 201: DirectUploadBody },
      },
      config: {
        access: 'prep',
        idempotent: true,
        failures: [
          courseNotFound,
          materialTooLarge,
          materialUnsupportedType,
          materialExternalIdTaken,
          quotaExceeded,
          tooManyOpen,
          directNotAvailable,
        ],
      },
    },
    (request, reply) =>
      once<DirectUpload>(request, reply, {
        work: (settle) => direct.begin(request.caller, request.params.courseId, directOrder(request.body), settle),
        answer: (upload) => ({ status: 201, location: pathOfUpload(upload), body: presentDirectUpload(upload) }),
      }),
  )
}
