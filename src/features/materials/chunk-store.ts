import { sql } from 'kysely'
import type { Chunk } from '#kernel/chunk.ts'
import { brokenConstraint, type TenantTx } from '#platform/db/database.ts'
import { textQuotaExceeded } from './failures.ts'

type NewChunks = { tenantId: string; materialId: string; chunks: Chunk[] }

/** Chunks of one statement: small ones are no slower, and far from a statement's deadline on a machine that is busy. */
const BATCH = 2_000

/** From the first one on, the tenant's account of text is held until the transaction ends. Throws `quota.text_exceeded`. */
export async function insertChunks(tx: TenantTx, { tenantId, materialId, chunks }: NewChunks): Promise<void> {
  for (let start = 0; start < chunks.length; start += BATCH)
    await insertBatch(tx, { tenantId, materialId, chunks: chunks.slice(start, start + BATCH) })
}

async function insertBatch(tx: TenantTx, { tenantId, materialId, chunks }: NewChunks): Promise<void> {
  const insert = sql`
    INSERT INTO material_chunks (tenant_id, material_id, ord, kind, text, locator)
    SELECT ${tenantId}, ${materialId}, ord, kind, text, locator::jsonb FROM unnest(
      ${chunks.map(({ order }) => order)}::int[], ${chunks.map(({ kind }) => kind)}::text[],
      ${chunks.map(({ text }) => text)}::text[], ${chunks.map(({ locator }) => JSON.stringify(locator))}::text[]
    ) AS c (ord, kind, text, locator)`
  await insert.execute(tx).catch((error: unknown) => {
    throw brokenConstraint(error) === 'text_quota' ? textQuotaExceeded() : error
  })
}

export async function deleteChunks(tx: TenantTx, materialId: string): Promise<void> {
  await tx.deleteFrom('material_chunks').where('material_id', '=', materialId).execute()
}

/** All of a material, in order. */
export async function chunksOf(tx: TenantTx, materialId: string): Promise<Chunk[]> {
  const rows = await tx
    .selectFrom('material_chunks')
    .select(['ord as order', 'kind', 'text', 'locator'])
    .where('material_id', '=', materialId)
    .orderBy('ord')
    .execute()
  return rows as unknown as Chunk[]
}

type Part = { materialId: string; after: number; limit: number; maxBytes: number }

/** At most `limit` chunks after that order and `maxBytes` of them as UTF-8, but at least one; and whether there are more. */
export async function partOfChunks(
  tx: TenantTx,
  { materialId, after, limit, maxBytes }: Part,
): Promise<{ chunks: Chunk[]; hasMore: boolean }> {
  // How long a value is, is known without reading it.
  const { rows } = await sql<Chunk & { hasMore: boolean }>`
    SELECT ord AS "order", kind, text, locator, following IS NOT NULL AS "hasMore" FROM (
      SELECT *, sum(octet_length(text) + octet_length(locator::text)) OVER (ORDER BY ord) AS bytes,
        lead(ord) OVER (ORDER BY ord) AS following, row_number() OVER (ORDER BY ord) AS number
      FROM (
        SELECT ord, kind, text, locator FROM material_chunks
        WHERE tenant_id = current_tenant() AND material_id = ${materialId} AND ord > ${after}
        ORDER BY ord LIMIT ${limit + 1}
      ) AS next
    ) AS measured
    WHERE number <= ${limit} AND (bytes <= ${maxBytes} OR number = 1)
    ORDER BY ord`.execute(tx)
  return { chunks: rows.map(({ hasMore: _, ...chunk }) => chunk), hasMore: rows.at(-1)?.hasMore ?? false }
}
