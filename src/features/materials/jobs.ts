import { Failure } from '#kernel/failure.ts'
import type { Database, TenantTx } from '#platform/db/database.ts'
import { type Extracted, ExtractionError, type Extractor } from '#platform/extract/index.ts'
import { ObjectNotFound, type ObjectStore } from '#platform/objects/index.ts'
import { defineJob, jobHandler, type RunningJob } from '#platform/queue/index.ts'
import { WebError, type WebFetcher } from '#platform/web/index.ts'
import { charsetOf, formatOfFile, formatOfPage } from './formats.ts'
import type { Material } from './store.ts'
import * as store from './store.ts'
import { digestOfStored, refuseDigest } from './verify-bytes.ts'

type Payload = { materialId: string }

/** Reads a material's text. Homework goes before it, bulk work after. */
export const ingestMaterial = defineJob<Payload>({ kind: 'ingest_material', priority: 10, timeoutSeconds: 900 })

type Deps = {
  db: Pick<Database, 'forTenant'>
  objects: Pick<ObjectStore, 'get'>
  extractor: Pick<Extractor, 'extract'>
  web: Pick<WebFetcher, 'fetchPage'>
}

/** The handler: may run twice for one material, ends quietly when the material was deleted meanwhile. */
export function ingestHandler({ db, objects, extractor, web }: Deps) {
  async function run({ tenantId, payload, signal, progress }: RunningJob<Payload>) {
    const material = await db.forTenant(tenantId, (tx) => begin(tx, payload.materialId))
    if (material === undefined) return { skipped: true }
    progress(0.1)
    const extracted = await documentFailures(async () => {
      await verify(material, tenantId, signal)
      return await extract(material, tenantId, signal)
    }).catch(async (error: unknown) => {
      if (await isGone(tenantId, material.id)) return undefined
      throw error
    })
    if (extracted === undefined) return { skipped: true }
    progress(0.9)
    const { title, chunks } = extracted
    const kept = await db.forTenant(tenantId, (tx) => store.markDone(tx, { tenantId, material, title, chunks }))
    return kept ? { material_id: material.id, chunks: chunks.length } : { skipped: true }
  }

  // Its bytes go soon after it: whatever that did to the reading is nobody's error.
  async function isGone(tenantId: string, id: string): Promise<boolean> {
    return (await db.forTenant(tenantId, (tx) => store.findMaterial(tx, id))) === undefined
  }

  // What came in pieces, or past us, nobody has hashed yet. What was found stays known, so that another attempt need not read it again.
  async function verify(material: Material, tenantId: string, signal: AbortSignal) {
    const sha256 = await digestOfStored(objects, material, signal)
    if (sha256 !== null && material.sha256 === null) {
      await db.forTenant(tenantId, (tx) => store.saveDigest(tx, material.id, sha256))
    }
    const wrong = refuseDigest(material, sha256)
    if (wrong) throw wrong
  }

  async function extract(material: Material, turn: string, signal: AbortSignal): Promise<Extracted> {
    if (material.objectKey !== null && material.filename !== null) {
      const format = formatOfFile(material.filename)
      if (format === undefined) throw notExtractable()
      const body = await objects.get(material.objectKey, { signal })
      try {
        return await extractor.extract({ format, body, signal, turn, ...encoding(charsetOf(material.contentType)) })
      } finally {
        body.destroy()
      }
    }
    const { url, contentType, charset, body } = await web.fetchPage(material.sourceUrl ?? '', { signal })
    const format = formatOfPage(url, contentType)
    if (format === undefined) throw notExtractable()
    const article = material.sourceType === 'web'
    return extractor.extract({ format, body: once(body), signal, turn, article, ...encoding(charset) })
  }

  return jobHandler(ingestMaterial, run, {
    failed: (tx, { payload }, error) => store.markFailed(tx, payload.materialId, error),
  })
}

const encoding = (charset: string | null | undefined) => (charset ? { charset } : {})

async function begin(tx: TenantTx, id: string): Promise<Material | undefined> {
  const claimed = await store.changeStatus(tx, id, ['pending', 'processing', 'error'], 'processing')
  return claimed ? store.findMaterial(tx, id) : undefined
}

const notExtractable = () =>
  new Failure('invalid', 'extract.unsupported', 'Text cannot be extracted from this kind of material yet.')

/** What is wrong with the document or its address is final; everything else may pass when tried again. */
async function documentFailures<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof ExtractionError) throw new Failure('invalid', error.code, error.message, { cause: error })
    if (error instanceof WebError) {
      throw new Failure(error.transient ? 'unavailable' : 'invalid', error.code, error.message, { cause: error })
    }
    if (error instanceof ObjectNotFound)
      throw new Failure('invalid', 'material.bytes_missing', 'The stored file is gone. Upload it again.', {
        cause: error,
      })
    throw error
  }
}

async function* once(bytes: Uint8Array) {
  yield bytes
}
