/** Bytes of every part but the last. S3 wants at least 5 MiB. */
export const PART_BYTES = 8 * 1024 * 1024

/** S3's limit of parts in one upload. */
export const MAX_PARTS = 10_000

export type WrittenPart = { number: number; size: number; etag: string }

/** Sends one part, numbered from 1, and returns the ETag it was given. The bytes are only valid until it returns. */
export type SendPart = (number: number, bytes: Uint8Array) => Promise<string>

/**
 * Cuts a body into parts of `PART_BYTES` and a shorter last one; an empty body has none. Every part is a view of the same
 * buffer, valid until the next is asked for, and nothing is read ahead while a part is in use.
 */
export async function* cutParts(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, undefined> {
  // Not zeroed, so that a small body costs only the pages it fills.
  const buffer = Buffer.allocUnsafeSlow(PART_BYTES)
  let filled = 0
  for await (const chunk of chunks) {
    let taken = 0
    while (taken < chunk.byteLength) {
      const piece = chunk.subarray(taken, taken + PART_BYTES - filled)
      buffer.set(piece, filled)
      taken += piece.byteLength
      filled += piece.byteLength
      if (filled < PART_BYTES) continue
      yield buffer
      filled = 0
    }
  }
  if (filled > 0) yield buffer.subarray(0, filled)
}

/** Sends `first` and the parts that follow, one after another. */
export async function writeParts(
  first: Uint8Array,
  following: AsyncGenerator<Uint8Array, void, undefined>,
  send: SendPart,
): Promise<WrittenPart[]> {
  const written: WrittenPart[] = []
  let bytes = first
  for (let number = 1; ; number += 1) {
    written.push({ number, size: bytes.byteLength, etag: await send(number, bytes) })
    const next = await following.next()
    if (next.done) return written
    bytes = next.value
  }
}
