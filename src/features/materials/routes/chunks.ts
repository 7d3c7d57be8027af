import { Type } from 'typebox'
import { type Api, Input, PageQuery, pageRequest } from '#platform/http/index.ts'
import type { createChunks } from '../chunks.ts'
import { materialFailed, materialNotFound, materialNotReady } from '../failures.ts'
import { ChunkPage, MaterialParams, presentChunk } from '../schemas.ts'

type Deps = { chunks: ReturnType<typeof createChunks> }

const ChunkQuery = Input({
  ...PageQuery,
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 200, default: 50, description: 'How many at most.' })),
})

export function listChunksRoute(api: Api, { chunks }: Deps) {
  api.get(
    '/materials/:materialId/chunks',
    {
      schema: {
        operationId: 'listMaterialChunks',
        summary: 'What was read from a material, in reading order',
        description:
          'Pieces of text, each with its place in the material: what lessons and concepts are made from and cite. Speech comes in passages of 30 to 60 seconds that end where a sentence does, each under the number of its first sentence; concepts cite single sentences. They never change; a page may be shorter than `limit`, for it carries 1 MiB of text at most.',
        tags: ['materials'],
        params: MaterialParams,
        querystring: ChunkQuery,
        response: { 200: ChunkPage },
      },
      config: { access: 'prep', failures: [materialNotFound, materialNotReady, materialFailed] },
    },
    async ({ caller, params, query }) => {
      const { items, nextCursor } = await chunks.list(caller, params.materialId, pageRequest(query))
      return { items: items.map(presentChunk), next_cursor: nextCursor }
    },
  )
}
