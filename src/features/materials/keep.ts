import { quotaExceeded } from '#features/storage/index.ts'
import { Failure } from '#kernel/failure.ts'
import { measureBody, type ObjectStore, ObjectTooLarge, type StoredObject } from '#platform/objects/index.ts'
import { digestMismatch, materialTooLarge, storageUnavailable, uploadInterrupted } from './failures.ts'
import type { SourceType } from './formats.ts'

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

/** What is said about a file. In a form the fields may come after the file, so all of it may be unknown at first. */
export type FileFields = { sourceType?: SourceType; externalId?: string; replaces?: string }

export type FileSource = ArrivingFile & {
  filename: string
  early: FileFields
  /** Everything that was said, once the body was read. */
  fields(): Promise<FileFields>
}

type Deps = { objects: Pick<ObjectStore, 'put'>; maxBytes: number }

/** Takes files in, whole and as they were declared. */
export function createKeeper({ objects, maxBytes }: Deps) {
  /** Stores at most `room` bytes, too. What a rejection leaves at the key is the caller's to remove. */
  async function keep(key: string, file: ArrivingFile, room: number): Promise<StoredObject> {
    refuseSize(file)
    const { body, signal, contentType } = file
    const bytes = Math.min(maxBytes, room)
    const options = { maxBytes: bytes, signal, ...(contentType === null ? {} : { contentType }) }
    const stored = await objects.put(key, body, options).catch((error: unknown) => {
      throw error instanceof ObjectTooLarge && bytes < maxBytes ? quotaExceeded() : translated(error, signal)
    })
    requireMatch(file, stored)
    return stored
  }

  /** The SHA-256 of a file that is not kept. */
  async function digest(file: ArrivingFile): Promise<string> {
    refuseSize(file)
    const measuring = measureBody(file.body, { maxBytes, signal: file.signal })
    const { sha256 } = await measuring.catch((error: unknown) => {
      throw translated(error, file.signal)
    })
    return sha256
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

  return { keep, digest }
}

function requireMatch({ declaredSize, declaredSha256 }: ArrivingFile, { size, sha256 }: StoredObject) {
  if (declaredSize !== undefined && declaredSize !== size) throw uploadInterrupted()
  if (declaredSha256 !== undefined && declaredSha256 !== sha256) throw digestMismatch()
}
