import type { Caller } from '#kernel/caller.ts'
import type { Chunk } from '#kernel/chunk.ts'
import type { Page, PageRequest } from '#kernel/page.ts'
import { chunkOf, type Passage, spokenPassages } from '#kernel/passage.ts'
import type { Database } from '#platform/db/database.ts'
import type { Cursors } from '#platform/paging/index.ts'
import { partOfChunks } from './chunk-store.ts'
import { materialFailed, materialNotFound, materialNotReady } from './failures.ts'
import * as store from './store.ts'

type Deps = { db: Pick<Database, 'forTenant'>; cursors: Cursors }

/** UTF-8 bytes of one page's texts and locators: one document's largest chunks, 200 at a time, would be megabytes. */
export const MAX_PAGE_BYTES = 1024 * 1024

const SENTENCES_A_PASSAGE = 20

/**
 * What was read from a material, in reading order; speech in passages of 30 to 60 seconds. Throws `material.not_found`, `material.not_ready` before it was read and
 * `material.failed` when it could not be.
 */
export function createChunks({ db, cursors }: Deps) {
  return {
    list: ({ tenantId }: Caller, id: string, { limit, cursor }: PageRequest): Promise<Page<Chunk>> =>
      db.forTenant(tenantId, async (tx) => {
        const material = await store.findMaterial(tx, id)
        if (material === undefined) throw materialNotFound()
        const list = ['chunks', tenantId, id]
        const after = cursor === undefined ? 0 : Number(cursors.decode(list, cursor))
        if (material.status === 'error') throw materialFailed()
        if (material.status !== 'done') throw materialNotReady()
        // Sentences are short: of as many as make a minute even when each is a word or two.
        const part = { materialId: id, after, limit: limit * SENTENCES_A_PASSAGE, maxBytes: MAX_PAGE_BYTES }
        const { items, last } = pageOf(await partOfChunks(tx, part), limit)
        return { items, nextCursor: last === undefined ? null : cursors.encode(list, String(last)) }
      }),
  }
}

/** The first `limit` pieces, and the order of the last chunk in them if there are more. A passage that may go on after this part is not taken yet. */
function pageOf({ chunks, hasMore }: Awaited<ReturnType<typeof partOfChunks>>, limit: number) {
  const pieces = piecesOf(chunks)
  const whole = hasMore && pieces.length > 1 ? pieces.slice(0, -1) : pieces
  const taken = whole.slice(0, limit)
  const isAll = !hasMore && taken.length === pieces.length
  return { items: taken.map(chunkOf), last: isAll ? undefined : taken.at(-1)?.chunks.at(-1)?.order }
}

function piecesOf(chunks: Chunk[]): Passage[] {
  const pieces: Passage[] = []
  let speech: Chunk[] = []
  const endSpeech = () => {
    pieces.push(...spokenPassages(speech))
    speech = []
  }
  for (const chunk of chunks) {
    if (chunk.kind === 'passage' && 'start' in chunk.locator) speech.push(chunk)
    else {
      endSpeech()
      pieces.push({ chunks: [chunk], start: 0, length: 0 })
    }
  }
  endSpeech()
  return pieces
}
