import { announce } from '#features/webhooks/index.ts'
import { Failure } from '#kernel/failure.ts'
import type { Database, TenantTx } from '#platform/db/database.ts'
import { ExtractionError } from '#platform/extract/index.ts'
import { ObjectNotFound, type ObjectStore } from '#platform/objects/index.ts'
import { defineJob, jobHandler, type RunningJob } from '#platform/queue/index.ts'
import { WebError, type WebFetcher } from '#platform/web/index.ts'
import type { Reader } from './reading/reader.ts'
import { createSources } from './source.ts'
import type { Material } from './store.ts'
import * as store from './store.ts'
import { digestOfStored, refuseDigest } from './verify-bytes.ts'

type Payload = { materialId: string }

/**
 * Reads a material's text. Homework goes before it, bulk work after. Documents have far shorter deadlines of their own; the hour is for the
 * sound of six hours (20 minutes at most to cut it, then 36 pieces to be transcribed, three at a time) or a hundred pictures. What an
 * attempt that took longer has bought, the next one need not buy.
 */
export const ingestMaterial = defineJob<Payload>({ kind: 'ingest_material', priority: 10, timeoutSeconds: 3_600 })

type Deps = {
  db: Pick<Database, 'forTenant'>
  objects: Pick<ObjectStore, 'get' | 'put' | 'delete'>
  reader: Reader
  web: Pick<WebFetcher, 'fetchPage'>
}

/** The handler: may run twice for one material, ends quietly when the material was deleted meanwhile. */
export function ingestHandler({ db, objects, reader, web }: Deps) {
  const sources = createSources({ db, objects, web })

  async function run({ id: jobId, tenantId, payload, signal, progress }: RunningJob<Payload>) {
    const material = await db.forTenant(tenantId, (tx) => begin(tx, payload.materialId))
    if (material === undefined) return { skipped: true }
    progress(0.1)
    const reading = await documentFailures(async () => {
      await verify(material, tenantId, signal)
      const source = await sources.open(material, { tenantId, signal })
      const report = (done: number) => progress(0.1 + 0.8 * done)
      return await reader.read(source, { material, tenantId, jobId, signal, progress: report })
    }).catch(async (error: unknown) => {
      if (await isGone(tenantId, material.id)) return undefined
      throw error
    })
    if (reading === undefined) return { skipped: true }
    progress(0.9)
    const { title, chunks, told } = reading
    const kept = await db.forTenant(tenantId, async (tx) => {
      const kept = await store.markDone(tx, { tenantId, material, title, chunks })
      if (kept) await announceMaterial(tx, tenantId, { ...material, status: 'done', chunks: chunks.length })
      return kept
    })
    return kept ? { material_id: material.id, chunks: chunks.length, ...told } : { skipped: true }
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

  return jobHandler(ingestMaterial, run, {
    failed: async (tx, { tenantId, payload }, error) => {
      await store.markFailed(tx, payload.materialId, error)
      const material = await store.findMaterial(tx, payload.materialId)
      if (material?.status === 'error') await announceMaterial(tx, tenantId, { ...material, status: 'error', error })
    },
  })
}

type Ended = Material &
  ({ status: 'done'; chunks: number } | { status: 'error'; error: { code: string; message: string } })

function announceMaterial(tx: TenantTx, tenantId: string, material: Ended): Promise<void> {
  const { id, courseId, externalId, sourceType, filename, sourceUrl, status } = material
  const about = { material_id: id, course_id: courseId, external_id: externalId, source_type: sourceType, filename }
  const ended = material.status === 'done' ? { chunks: material.chunks, error: null } : { error: material.error }
  const data = { ...about, source_url: sourceUrl, status, ...ended }
  return announce(tx, { tenantId, event: `material.${status}`, data })
}

async function begin(tx: TenantTx, id: string): Promise<Material | undefined> {
  const claimed = await store.changeStatus(tx, id, ['pending', 'processing', 'error'], 'processing')
  return claimed ? store.findMaterial(tx, id) : undefined
}

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
      throw new Failure('invalid', 'material.bytes_missing', 'The stored file is gone. Add it again.', {
        cause: error,
      })
    throw error
  }
}
