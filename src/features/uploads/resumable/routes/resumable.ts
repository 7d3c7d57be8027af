import type { Api, Once } from '#platform/http/index.ts'
import type { Capabilities } from '../capability.ts'
import { TUS_VERSION } from '../protocol.ts'
import type { createResumableUploads } from '../uploads.ts'
import { openAddress } from './addresses.ts'
import { appendToUploadRoute, deleteUploadRoute, lookAtUploadRoute } from './continue-upload.ts'
import { createUploadRoute } from './create-upload.ts'
import { describeUploadsRoutes } from './describe-uploads.ts'

type Deps = {
  uploads: ReturnType<typeof createResumableUploads>
  capabilities: Capabilities
  once: Once
  stallMs: number
}

export async function resumableRoutes(api: Api, { uploads, capabilities, once, stallMs }: Deps) {
  await api.register(async (scope: Api) => {
    // On refusals as well; and whoever spoke another version learns which is spoken.
    scope.addHook('onSend', async (_request, reply, payload) => {
      reply.header('tus-resumable', TUS_VERSION)
      if (reply.statusCode === 412) reply.header('tus-version', TUS_VERSION)
      return payload
    })
    const deps = { uploads, address: openAddress(capabilities), once, stallMs }
    createUploadRoute(scope, deps)
    describeUploadsRoutes(scope, deps)
    lookAtUploadRoute(scope, deps)
    deleteUploadRoute(scope, deps)
    await appendToUploadRoute(scope, deps)
  })
}
