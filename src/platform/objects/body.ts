import { createHash } from 'node:crypto'
import { untilAborted } from './abort.ts'
import { ObjectTooLarge, type StoredObject } from './store.ts'

type Limits = { maxBytes: number; signal?: AbortSignal | undefined }

export type MeasuredBody = {
  /** The body's chunks, each read from the source only when asked for. Throws `ObjectTooLarge`, the signal's reason or the source's error. */
  chunks: AsyncGenerator<Uint8Array, void, undefined>
  /** What has passed; the whole body once `chunks` has ended. Call it once. */
  measured(): StoredObject
}

/** Counts and hashes a body on its way, and ends it at the limit or on abort, even while the source is silent. */
export function measureBody(body: AsyncIterable<Uint8Array>, { maxBytes, signal }: Limits): MeasuredBody {
  const hash = createHash('sha256')
  let size = 0

  async function* read() {
    signal?.throwIfAborted()
    const source = body[Symbol.asyncIterator]()
    try {
      for (;;) {
        const { done, value } = await untilAborted(source.next(), signal)
        if (done) return
        size += value.byteLength
        if (size > maxBytes) throw new ObjectTooLarge(maxBytes)
        hash.update(value)
        yield value
      }
    } finally {
      void leave(source)
    }
  }

  return { chunks: read(), measured: () => ({ size, sha256: hash.digest('hex') }) }
}

/** Lets the source clean up. Not awaited: a source that is silent answers this only after its next chunk. */
async function leave(source: AsyncIterator<Uint8Array>): Promise<void> {
  try {
    await source.return?.()
  } catch {
    // Its chunks are no longer wanted, and neither is its error.
  }
}
