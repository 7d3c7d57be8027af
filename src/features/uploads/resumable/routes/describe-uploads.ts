import { type Api, Empty } from '#platform/http/index.ts'
import { CoursePath, UploadPath, UploadQuery } from '../schemas.ts'
import type { createResumableUploads } from '../uploads.ts'
import type { openAddress } from './addresses.ts'

type Deps = { uploads: ReturnType<typeof createResumableUploads>; address: ReturnType<typeof openAddress> }

const ANSWERS = {
  'Tus-Version': '`1.0.0`',
  'Tus-Extension': '`creation,expiration,termination`',
  'Tus-Max-Size': 'The bytes that a file may have at most.',
}

const DESCRIPTION = 'Asked before a key is, by browsers too (a preflight), so it needs none.'

export function describeUploadsRoutes(api: Api, { uploads, address: { cors } }: Deps) {
  api.options(
    '/courses/:courseId/uploads',
    {
      schema: {
        operationId: 'describeUploads',
        summary: 'What the resumable uploads can do',
        description: DESCRIPTION,
        tags: ['materials'],
        params: CoursePath,
        response: { 204: Empty },
      },
      config: { access: 'unlimited', answers: ANSWERS },
    },
    async ({ headers }, reply) =>
      reply
        .headers((await uploads.describe(headers)).headers)
        .code(204)
        .send(null),
  )
  api.options(
    '/courses/:courseId/uploads/:uploadId',
    {
      schema: {
        operationId: 'describeUpload',
        summary: 'What a resumable upload can do, and to which page it is open',
        description: DESCRIPTION,
        tags: ['materials'],
        params: UploadPath,
        querystring: UploadQuery,
        response: { 204: Empty },
      },
      config: { access: 'unlimited', cors, answers: ANSWERS },
    },
    async ({ headers }, reply) =>
      reply
        .headers((await uploads.describe(headers)).headers)
        .code(204)
        .send(null),
  )
}
