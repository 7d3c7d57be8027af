import type { FastifyRequest } from 'fastify'
import type { Capabilities } from '../capability.ts'
import type { Target } from '../resumable-upload.ts'

// What a page must be able to read of the protocol's answers.
const EXPOSED = [
  'Tus-Resumable',
  'Tus-Version',
  'Tus-Extension',
  'Tus-Max-Size',
  'Upload-Offset',
  'Upload-Length',
  'Upload-Metadata',
  'Upload-Expires',
  'Content-Location',
]

export const addressOf = (courseId: string, { id, token }: { id: string; token: string }) =>
  `/api/v1/courses/${courseId}/uploads/${id}?token=${token}`

/** What the token in an upload's address is good for: going on without a key, from the page that was named. */
export function openAddress(capabilities: Pick<Capabilities, 'admit' | 'originOf'>) {
  return {
    capability: {
      admit: (request: FastifyRequest) => {
        const { uploadId, token } = partsOf(request)
        return token === undefined ? undefined : capabilities.admit(uploadId, token)
      },
    },
    cors: {
      originOf: (request: FastifyRequest) => {
        const { uploadId, token } = partsOf(request)
        return token === undefined ? undefined : capabilities.originOf(uploadId, token)
      },
      methods: ['HEAD', 'PATCH'],
      exposes: EXPOSED,
    },
  }
}

export function targetOf(request: FastifyRequest, params: { courseId: string; uploadId: string }): Target {
  return { tenantId: request.bearer.tenantId, ...params }
}

// Asked before anything is validated. One that is given twice is none of ours.
function partsOf({ params, query }: FastifyRequest): { uploadId: string; token: string | undefined } {
  const { uploadId } = params as { uploadId: string }
  const { token } = query as { token?: string | string[] }
  return { uploadId, token: token === undefined || token === '' ? undefined : String(token) }
}
