import type { Hash } from 'node:crypto'
import { drain } from './drain.ts'
import type { PartBuffers } from './part-buffers.ts'
import { ObjectTooLarge } from './store.ts'

/** Takes bytes that are only valid until it settles, which it does at once when the signal is aborted. */
export type SendBytes = (bytes: Uint8Array, signal: AbortSignal) => Promise<void>

type PartWriting = {
  buffers: PartBuffers
  partBytes: number
  /** More bytes of the body than this end the writing with `ObjectTooLarge`. */
  maxBytes: number
  signal?: AbortSignal | undefined
  /** Updated with every chunk. */
  hash?: Hash
  /** Puts what came before this body at the head of the first part and tells how much it was; less than a part. */
  before?: (buffer: Buffer, signal: AbortSignal) => Promise<number>
  /** Sends a whole part; one after another. */
  send: SendBytes
  /** Sends what is left when the body has ended and all parts are sent: less than a part, perhaps nothing. */
  sendRest: SendBytes
  /** Takes nothing while a part is sent: never more than one part has been taken and is not safe. */
  alone?: boolean
  /** How long a part that is being sent when the body fails may take to arrive; 0 unless given. */
  graceMs?: number
}

/**
 * Cuts a body into parts of `partBytes` as it comes. There are two buffers: one is filled while the other is sent (unless `alone`), and a
 * source that is faster is held up. Returns the bytes of the body. Rejects as soon as the source, the store or the signal does, and not before
 * the buffers are given back.
 */
export async function writeParts(body: AsyncIterable<Uint8Array>, writing: PartWriting): Promise<number> {
  const { buffers, partBytes, maxBytes, hash, send, sendRest, alone = false, graceMs = 0 } = writing
  const reading = new AbortController()
  const sends = new AbortController()
  const follow = () => reading.abort(writing.signal?.reason)
  if (writing.signal?.aborted) follow()
  else writing.signal?.addEventListener('abort', follow, { once: true })

  let filling = buffers.take(partBytes)
  let other: Buffer | undefined
  let filled = 0
  let size = 0
  let sending: Promise<void> | undefined

  function take(chunk: Uint8Array): Promise<void> | undefined {
    size += chunk.byteLength
    if (size > maxBytes) throw new ObjectTooLarge(maxBytes)
    hash?.update(chunk)
    return place(chunk)
  }

  /** Copies at once: a chunk that lives on while a part is sent is garbage of the long-lived kind. */
  function place(chunk: Uint8Array): Promise<void> | undefined {
    const piece = chunk.byteLength > partBytes - filled ? chunk.subarray(0, partBytes - filled) : chunk
    filling.set(piece, filled)
    filled += piece.byteLength
    if (filled < partBytes) return undefined
    const rest = chunk.subarray(piece.byteLength)
    if (sending) return sending.then(() => turn(rest))
    return turn(rest)
  }

  function turn(rest: Uint8Array): Promise<void> | undefined {
    const full = filling
    filling = other ?? buffers.take(partBytes)
    other = full
    filled = 0
    sending = send(full, sends.signal).then(
      () => {
        sending = undefined
      },
      (error: unknown) => {
        reading.abort(error)
        throw error
      },
    )
    sending.catch(() => {})
    const goOn = () => (rest.byteLength > 0 ? place(rest) : undefined)
    return alone ? sending.then(goOn) : goOn()
  }

  let cutting: NodeJS.Timeout | undefined
  function cut(reason: unknown) {
    if (graceMs === 0) sends.abort(reason)
    else cutting ??= setTimeout(() => sends.abort(reason), graceMs)
  }

  try {
    reading.signal.throwIfAborted()
    filled = (await writing.before?.(filling, reading.signal)) ?? 0
    await drain(body, take, reading.signal)
    if (reading.signal.aborted) cut(reading.signal.reason)
    else reading.signal.addEventListener('abort', () => cut(reading.signal.reason), { once: true })
    await sending
    sends.signal.throwIfAborted()
    await sendRest(filling.subarray(0, filled), sends.signal)
    return size
  } catch (error) {
    cut(error)
    await sending?.catch(() => {})
    throw error
  } finally {
    clearTimeout(cutting)
    writing.signal?.removeEventListener('abort', follow)
    buffers.giveBack(filling)
    if (other) buffers.giveBack(other)
  }
}
