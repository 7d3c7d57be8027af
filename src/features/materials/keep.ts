import { Failure } from '#kernel/failure.ts'
import type { Log } from '#platform/log/index.ts'
import { measureBody, type ObjectStore, ObjectTooLarge, type StoredObject } from '#platform/objects/index.ts'
import { digestMismatch, materialTooLarge, storageUnavailable, uploadInterrupted } from './failures.ts'

/** A file on its way to us. */
export type ArrivingFile = {
  contentType: string | null
  /** From the request's declared length, when that is the file's own. */
  declaredSize: number | undefined
  /** SHA-256 that the client says the file has, as hex. */
  declaredSha256: string | undefined
  body: AsyncIterable<Uint8Array>
  /** Aborted, with a Failure, when the rest of the body will not come. */
  signal: AbortSignal
}

type Deps = { objects: Pick<ObjectStore, 'put' | 'delete'>; log: Log; maxBytes: number }

/** Takes files in, whole and as they were declared, or not at all. */
export function createKeeper({ objects, log, maxBytes }: Deps) {
  async function keep(key: string, file: ArrivingFile): Promise<StoredObject> {
    refuseSize(file)
    const { body, signal, contentType } = file
    const options = { maxBytes, signal, ...(contentType === null ? {} : { contentType }) }
    const stored = await objects.put(key, body, options).catch((error: unknown) => {
      throw translated(error, signal)
    })
    const wrong = mismatch(file, stored)
    if (wrong === undefined) return stored
    await drop(key)
    throw wrong
  }

  /** The SHA-256 of a file that is not kept. */
  async function digest(file: ArrivingFile): Promise<string> {
    refuseSize(file)
    const { chunks, measured } = measureBody(file.body, { maxBytes, signal: file.signal })
    try {
      while (!(await chunks.next()).done);
    } catch (error) {
      throw translated(error, file.signal)
    }
    return measured().sha256
  }

  /** Deletes an object that no row owns. Never rejects: whatever led here is what has to be told. */
  async function drop(key: string): Promise<void> {
    await objects
      .delete(key)
      .catch((error: unknown) => log.warn({ err: error, object_key: key }, 'object left without a row'))
  }

  function refuseSize({ declaredSize }: ArrivingFile) {
    if (declaredSize !== undefined && declaredSize > maxBytes) throw materialTooLarge(maxBytes)
  }

  function translated(error: unknown, signal: AbortSignal): unknown {
    if (signal.aborted) return signal.reason
    if (error instanceof ObjectTooLarge) return materialTooLarge(maxBytes)
    // A TypeError is a defect of ours, a Failure speaks of the body; what remains is the storage's trouble.
    return error instanceof Failure || error instanceof TypeError ? error : storageUnavailable(error)
  }

  return { keep, digest, drop }
}

function mismatch({ declaredSize, declaredSha256 }: ArrivingFile, { size, sha256 }: StoredObject): Failure | undefined {
  if (declaredSize !== undefined && declaredSize !== size) return uploadInterrupted()
  return declaredSha256 !== undefined && declaredSha256 !== sha256 ? digestMismatch() : undefined
}
