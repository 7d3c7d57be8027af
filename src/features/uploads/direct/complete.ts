import { createAcceptance, findMaterial, type Material, materialNotFound } from '#features/materials/index.ts'
import { findUpload, finishUpload } from '#features/storage/index.ts'
import { Failure, unavailable } from '#kernel/failure.ts'
import type { Database, TenantTx } from '#platform/db/database.ts'
import type { Settle } from '#platform/db/settle.ts'
import type { DirectStore, ObjectStore } from '#platform/objects/index.ts'
import type { Queue } from '#platform/queue/index.ts'
import { uploadNotFound } from '../failures.ts'
import type { BegunUpload } from './begun-upload.ts'
import { uploadIncomplete } from './failures.ts'
import { describeMissing, missingOf, planParts } from './parts.ts'

type Deps = {
  db: Pick<Database, 'forTenant'>
  objects: Pick<ObjectStore, 'head' | 'partial'>
  queue: Pick<Queue, 'add'>
}

/** A finished upload is known for as long: a client that lost the answer asks again. */
const REMEMBERED = 24 * 3_600_000

/** Makes a material of an upload whose parts are in the bucket. */
export function createCompletion({ db, objects, queue }: Deps) {
  const accept = createAcceptance({ queue })

  /**
   * May be repeated, also at the same time: all get the one material. A crash between the bucket and the database leaves a whole object
   * under an unfinished upload, which the next attempt takes for what it is.
   */
  async function complete(
    { tenantId, direct }: { tenantId: string; direct: DirectStore },
    upload: BegunUpload,
    settle: Settle<Material>,
  ): Promise<Material> {
    if (upload.finishedAt === null) await assemble(direct, upload)
    return db.forTenant(tenantId, async (tx) => {
      const isOurs = await finishUpload(tx, upload.id, new Date(Date.now() + REMEMBERED))
      if (isOurs) return accept(tx, tenantId, materialOf(upload), settle)
      const material = await requireFinished(tx, upload)
      await settle(tx, material)
      return material
    })
  }

  async function assemble(direct: DirectStore, upload: BegunUpload) {
    const { objectKey, partial, sizeBytes: size } = upload
    const parts = await direct.listParts(objectKey, partial).catch((error: unknown) => unlessWhole(upload, error))
    if (parts === undefined) return
    const missing = missingOf(planParts(size, partial.partBytes), parts)
    if (missing.length > 0) return unlessWhole(upload, uploadIncomplete(describeMissing(missing, parts)))
    const whole = { ...partial, offset: size, tailBytes: 0, parts }
    await objects.partial.complete(objectKey, whole, { size }).catch((error: unknown) => unlessWhole(upload, error))
    if (!(await isWhole(upload))) throw uploadIncomplete('what it made of the parts has another size')
  }

  // It may have been completed before a crash, or by somebody else at this moment: then there are no parts any more, and no harm is done.
  async function unlessWhole(upload: BegunUpload, error: unknown): Promise<undefined> {
    if (await isWhole(upload)) return undefined
    return asOutage(error)
  }

  const isWhole = async ({ objectKey, sizeBytes }: BegunUpload) =>
    (await objects.head(objectKey).catch(asOutage))?.size === sizeBytes

  return { complete, isWhole }
}

/** What the bucket rejects with is its trouble of the moment, unless it is a Failure already or a defect of ours. */
export function asOutage(error: unknown): never {
  throw error instanceof Failure || error instanceof TypeError ? error : unavailable(error)
}

async function requireFinished(tx: TenantTx, { id }: BegunUpload): Promise<Material> {
  if ((await findUpload(tx, id)) === undefined) throw uploadNotFound()
  const material = await findMaterial(tx, id)
  if (material === undefined) throw materialNotFound()
  return material
}

function materialOf(upload: BegunUpload) {
  const { id, courseId, sourceType, filename, contentType, sizeBytes, externalId, replacesId, objectKey } = upload
  if (sourceType === null) throw new TypeError('A direct upload has a source type from its beginning.')
  const file = { filename, contentType, sizeBytes, objectKey, sha256: null, declaredSha256: upload.sha256 }
  return { id, courseId, sourceType, externalId, replacesId, sourceUrl: null, ...file }
}
