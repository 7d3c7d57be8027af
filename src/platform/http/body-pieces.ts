import type { IncomingMessage } from 'node:http'

/**
 * The same `pieces`, which a parser cuts out of a request's body in its order, each valid until the next is asked for: the memory of a
 * chunk goes as soon as its last piece was used. Left to the garbage collector it would pile up to tens of MB before that comes. Begin
 * with it before the parser is given more than the first chunk.
 */
export async function* piecesOfBody(
  raw: IncomingMessage,
  pieces: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array, void, undefined> {
  const chunks = new WeakSet<ArrayBufferLike>()
  const note = (chunk: Uint8Array) => {
    // Small buffers may share their memory with others.
    if (chunk.byteLength === chunk.buffer.byteLength) chunks.add(chunk.buffer)
  }
  raw.on('data', note)
  try {
    let last: ArrayBufferLike | undefined
    for await (const piece of pieces) {
      if (chunks.has(piece.buffer)) {
        // Of a later chunk: nothing more comes of the one before.
        if (last !== undefined && last !== piece.buffer) free(last)
        last = piece.buffer
      }
      yield piece
    }
  } finally {
    raw.off('data', note)
  }
}

/** https://tc39.es/ecma262/#sec-arraybuffer.prototype.transfer: what is left behind has no memory any more. */
function free(memory: ArrayBufferLike) {
  if (memory instanceof ArrayBuffer) memory.transfer(0)
}
