import { contentTypeOf, createAcceptance, findMaterial, storageUnavailable } from '#features/materials/index.ts'
import { deleteUpload, findUpload, finishUpload } from '#features/storage/index.ts'
import { Failure } from '#kernel/failure.ts'
import type { Database } from '#platform/db/database.ts'
import type { Log } from '#platform/log/index.ts'
import type { ObjectStore } from '#platform/objects/index.ts'
import type { Queue } from '#platform/queue/index.ts'
import { uploadNotFound } from '../failures.ts'
import type { ResumableUpload } from './resumable-upload.ts'

type Deps = {
  db: Pick<Database, 'forTenant'>
  objects: Pick<ObjectStore, 'partial' | 'delete'>
  queue: Pick<Queue, 'add'>
  log: Log
  now: () => Date
}

/** For as long as this a finished upload is known: a client whose last answer was lost asks where it stands. */
const KNOWN_FOR = 86_400_000

/**
 * Makes the material of an upload whose bytes are all there. May be repeated after whatever went wrong, a crash at any moment included.
 * What cannot come right any more (the course is gone, the external_id was taken meanwhile, the quota was lowered) is thrown, and the
 * upload goes with its bytes.
 */
export function createFinish({ db, objects, queue, log, now }: Deps) {
  const accept = createAcceptance({ queue })

  return async (tenantId: string, upload: ResumableUpload): Promise<void> => {
    const { id, objectKey } = upload
    await complete(upload)
    const outcome = await db
      .forTenant(tenantId, async (tx) => {
        const knownUntil = new Date(now().getTime() + KNOWN_FOR)
        if (!(await finishUpload(tx, id, knownUntil)))
          return (await findUpload(tx, id)) || (await findMaterial(tx, id)) ? 'finished' : 'gone'
        await accept(tx, tenantId, materialOf(upload), async () => undefined)
        return 'finished'
      })
      .catch(async (error: unknown) => {
        if (isFinal(error)) await db.forTenant(tenantId, (tx) => deleteUpload(tx, id))
        throw error
      })
    if (outcome === 'finished') return
    // Its row went while its bytes became an object: what was to be discarded may have been, before there was one.
    await objects.delete(objectKey).catch((error: unknown) => log.warn({ err: error, object_key: objectKey }, 'left'))
    throw uploadNotFound()
  }

  async function complete({ objectKey, partial, sizeBytes: size, contentType }: ResumableUpload) {
    try {
      const type = contentType === null ? {} : { contentType }
      const whole = partial ?? (await objects.partial.begin(objectKey, { size, ...type }))
      await objects.partial.complete(objectKey, whole, { size })
    } catch (error) {
      throw error instanceof TypeError ? error : storageUnavailable(error)
    }
  }
}

const FINAL = new Set(['not_found', 'conflict', 'invalid', 'too_large'])

const isFinal = (error: unknown) => error instanceof Failure && FINAL.has(error.kind)

function materialOf(upload: ResumableUpload) {
  const { id, courseId, sourceType, filename, sizeBytes, sha256, externalId, replacesId, objectKey } = upload
  const contentType = contentTypeOf(filename, upload.contentType)
  const file = { filename, contentType, sizeBytes, sha256: null, declaredSha256: sha256, objectKey, sourceUrl: null }
  return { id, courseId, sourceType, externalId, replacesId, ...file }
}
