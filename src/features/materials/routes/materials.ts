import { Type } from 'typebox'
import { courseNotFound } from '#features/courses/index.ts'
import { type Api, Empty, ExternalId, Id, Input, type Once, PageQuery, pageRequest } from '#platform/http/index.ts'
import { materialNotFound, materialNotRetryable, queueFull } from '../failures.ts'
import type { createMaterials, Material } from '../materials.ts'
import { MaterialBody, MaterialPage, MaterialParams, presentMaterial } from '../schemas.ts'

type Deps = { materials: ReturnType<typeof createMaterials>; once: Once }

export function listMaterialsRoute(api: Api, { materials }: Deps) {
  api.get(
    '/courses/:courseId/materials',
    {
      schema: {
        operationId: 'listMaterials',
        summary: 'List the materials of a course, newest first',
        tags: ['materials'],
        params: Input({ courseId: Id }),
        querystring: Input({ ...PageQuery, external_id: Type.Optional(ExternalId) }),
        response: { 200: MaterialPage },
      },
      config: { access: 'prep', failures: [courseNotFound] },
    },
    async ({ caller, params, query }) => {
      const { items, nextCursor } = await materials.list(caller, params.courseId, pageRequest(query), query.external_id)
      return { items: items.map(presentMaterial), next_cursor: nextCursor }
    },
  )
}

export function getMaterialRoute(api: Api, { materials }: Deps) {
  api.get(
    '/materials/:materialId',
    {
      schema: {
        operationId: 'getMaterial',
        summary: 'A material and how far it is',
        tags: ['materials'],
        params: MaterialParams,
        response: { 200: MaterialBody },
      },
      config: { access: 'prep', failures: [materialNotFound] },
    },
    async ({ caller, params }) => presentMaterial(await materials.require(caller, params.materialId)),
  )
}

export function deleteMaterialRoute(api: Api, { materials }: Deps) {
  api.delete(
    '/materials/:materialId',
    {
      schema: {
        operationId: 'deleteMaterial',
        summary: 'Delete a material with its file',
        tags: ['materials'],
        params: MaterialParams,
        response: { 204: Empty },
      },
      config: { access: 'prep', failures: [materialNotFound] },
    },
    async ({ caller, params }, reply) => {
      await materials.delete(caller, params.materialId)
      return reply.code(204).send(null)
    },
  )
}

export function retryMaterialRoute(api: Api, { materials, once }: Deps) {
  api.post(
    '/materials/:materialId/retry',
    {
      schema: {
        operationId: 'retryMaterial',
        summary: 'Read a failed material again',
        tags: ['materials'],
        params: MaterialParams,
        response: { 202: MaterialBody },
      },
      config: { access: 'prep', idempotent: true, failures: [materialNotFound, materialNotRetryable, queueFull] },
    },
    (request, reply) =>
      once<Material>(request, reply, {
        work: (settle) => materials.retry(request.caller, request.params.materialId, settle),
        answer: (material) => ({
          status: 202,
          location: `/api/v1/materials/${material.id}`,
          body: presentMaterial(material),
        }),
      }),
  )
}
