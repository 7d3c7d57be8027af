import type { Failure } from '#kernel/failure.ts'
import { measureBody, type ObjectStore, ObjectTooLarge } from '#platform/objects/index.ts'
import { storedDigestMismatch, storedSizeMismatch } from './failures.ts'
import type { Material } from './store.ts'

type Bytes = Pick<Material, 'objectKey' | 'sizeBytes' | 'sha256' | 'declaredSha256'>

/** The SHA-256 of a material's stored bytes, which are read once unless it is known. Throws `upload.size_mismatch`. */
export async function digestOfStored(
  objects: Pick<ObjectStore, 'get'>,
  { objectKey, sizeBytes, sha256 }: Bytes,
  signal: AbortSignal,
): Promise<string | null> {
  if (objectKey === null || sha256 !== null) return sha256
  const body = await objects.get(objectKey, { signal })
  try {
    const measured = await measureBody(body, { maxBytes: sizeBytes ?? Number.POSITIVE_INFINITY, signal })
    if (sizeBytes !== null && measured.size !== sizeBytes) throw storedSizeMismatch()
    return measured.sha256
  } catch (error) {
    throw error instanceof ObjectTooLarge ? storedSizeMismatch() : error
  } finally {
    body.destroy()
  }
}

/** What is wrong with bytes that have this digest; undefined when nothing is. */
export function refuseDigest({ declaredSha256 }: Bytes, sha256: string | null): Failure | undefined {
  return declaredSha256 !== null && declaredSha256 !== sha256 ? storedDigestMismatch() : undefined
}
