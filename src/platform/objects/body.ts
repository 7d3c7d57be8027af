import { createHash } from 'node:crypto'
import { drain } from './drain.ts'
import { ObjectTooLarge, type StoredObject } from './store.ts'

/** Counts and hashes a body that is not kept. Throws `ObjectTooLarge`, the signal's reason as soon as it is aborted, or the source's error. */
export async function measureBody(
  body: AsyncIterable<Uint8Array>,
  { maxBytes, signal = new AbortController().signal }: { maxBytes: number; signal?: AbortSignal | undefined },
): Promise<StoredObject> {
  const hash = createHash('sha256')
  let size = 0
  const count = (chunk: Uint8Array) => {
    size += chunk.byteLength
    if (size > maxBytes) throw new ObjectTooLarge(maxBytes)
    hash.update(chunk)
    return undefined
  }
  await drain(body, count, signal)
  return { size, sha256: hash.digest('hex') }
}
