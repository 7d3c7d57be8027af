import { storageUnavailable } from '#features/materials/index.ts'
import { type Admission, saveProgress, takeUpload } from '#features/storage/index.ts'
import { Failure } from '#kernel/failure.ts'
import type { Database } from '#platform/db/database.ts'
import { type ObjectStore, ObjectTooLarge, type PartialObject, untilAborted } from '#platform/objects/index.ts'
import { lengthExceeded, offsetMismatch, uploadOvertaken } from './failures.ts'
import { offsetOf, type ResumableUpload, requireUpload, type Target } from './resumable-upload.ts'

/** A request's body, not read yet, and what aborts it, with a Failure, when the rest of it will not come. */
export type ArrivingBytes = { bytes: AsyncIterable<Uint8Array>; signal: AbortSignal }

type Deps = {
  db: Pick<Database, 'forTenant'>
  objects: Pick<ObjectStore, 'partial'>
  admission: Admission
  now: () => Date
}

/** For as long as this an upload waits for more. */
export const SILENCE = 86_400_000

/** Writes on at an upload. Returns how it stands then, every byte of that durable. */
export function createAppend({ db, objects, admission, now }: Deps) {
  return async (target: Target, offset: number, { bytes, signal }: ArrivingBytes): Promise<ResumableUpload> => {
    const leave = admission.enter(target.tenantId)
    try {
      return await write(target, offset, { bytes, signal })
    } catch (error) {
      throw translated(error, signal)
    } finally {
      leave()
    }
  }

  async function write(target: Target, offset: number, { bytes, signal }: ArrivingBytes): Promise<ResumableUpload> {
    const { tenantId, uploadId: id } = target
    const { writer, upload } = await db.forTenant(tenantId, async (tx) => {
      const taken = await takeUpload(tx, id)
      return { writer: taken?.writer, upload: await requireUpload(tx, target) }
    })
    if (offsetOf(upload) !== offset) throw offsetMismatch()
    if (writer === undefined) return upload
    let { partial: held, expiresAt } = upload

    async function saved(partial: PartialObject) {
      const until = new Date(now().getTime() + SILENCE)
      const progress = { partial, expiresAt: until }
      const isOurs = await db.forTenant(tenantId, (tx) => saveProgress(tx, { id, writer: writer ?? 0 }, progress))
      if (!isOurs) throw uploadOvertaken()
      held = partial
      expiresAt = until
    }

    const { objectKey, sizeBytes: size, contentType } = upload
    // Nothing of it is in the store before its first bytes come. What is begun in vain ends with the upload's row.
    if (held === null) {
      const beginning = objects.partial.begin(objectKey, { size, ...(contentType && { contentType }) })
      await saved(await untilAborted(beginning, signal))
    }
    const begun = held as PartialObject
    const after = await objects.partial.append(objectKey, begun, bytes, { size, signal, saved })
    if (after.offset !== (held as PartialObject).offset) await saved(after)
    return { ...upload, partial: after, expiresAt }
  }
}

function translated(error: unknown, signal: AbortSignal): unknown {
  if (signal.aborted) return signal.reason
  if (error instanceof ObjectTooLarge) return lengthExceeded()
  return error instanceof Failure || error instanceof TypeError ? error : storageUnavailable(error)
}
