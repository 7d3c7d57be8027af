import { PART_BYTES } from './part-size.ts'

/** Memory for bodies on their way, reused: what stream after stream leaves to the garbage collector stays resident for long. */
export type PartBuffers = {
  /** Not zeroed, so that a small body costs only the pages it fills. Give it back when nothing reads or writes it any more. */
  take(bytes: number): Buffer
  giveBack(buffer: Buffer): void
  /** How many are taken. */
  inUse(): number
}

/**
 * Buffers of `bytes`; of another size they are made and left to the collector. At most `keep` wait for their next use, and after
 * `idleMs` without any use they go.
 */
export function createPartBuffers({
  bytes,
  keep,
  idleMs,
}: {
  bytes: number
  keep: number
  idleMs: number
}): PartBuffers {
  const waiting: Buffer[] = []
  let taken = 0
  let timer: NodeJS.Timeout | undefined

  function rest() {
    if (taken > 0) return
    waiting.length = 0
  }

  return {
    take(size) {
      clearTimeout(timer)
      taken += 1
      return (size === bytes ? waiting.pop() : undefined) ?? Buffer.allocUnsafeSlow(size)
    },
    giveBack(buffer) {
      taken -= 1
      if (buffer.byteLength === bytes && waiting.length < keep) waiting.push(buffer)
      clearTimeout(timer)
      timer = setTimeout(rest, idleMs).unref()
    },
    inUse: () => taken,
  }
}

/** What bodies on their way to S3 are held in, of this whole process: two for an upload of eight at once. */
export const partBuffers = createPartBuffers({ bytes: PART_BYTES, keep: 16, idleMs: 10_000 })
