import { createHash, randomBytes } from 'node:crypto'
import type { ListedObject, ObjectStore } from '#platform/objects/index.ts'

/** Bytes of the chunks in which bodies come here. */
export const CHUNK = 64 * 1024

/** What a put must tell of these bytes. */
export function factsOf(bytes: Uint8Array): { size: number; sha256: string } {
  return { size: bytes.byteLength, sha256: createHash('sha256').update(bytes).digest('hex') }
}

export async function read(store: ObjectStore, key: string): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of await store.get(key)) chunks.push(chunk)
  return Buffer.concat(chunks)
}

export async function listed(store: ObjectStore, prefix: string): Promise<ListedObject[]> {
  const objects: ListedObject[] = []
  for await (const object of store.list(prefix)) objects.push(object)
  return objects
}

/** So many bytes that repeat nowhere, cheap to have: pieces of one block. */
export function noise(size: number): Buffer {
  block ??= randomBytes(BLOCK)
  if (size > BLOCK) throw new RangeError(`There are ${BLOCK} bytes of noise.`)
  const start = Math.floor(Math.random() * (BLOCK - size))
  return block.subarray(start, start + size)
}

const BLOCK = 32 * 1024 * 1024
let block: Buffer | undefined

export async function* from(chunks: Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* chunks
}

export function once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  return from([bytes])
}

export async function* cut(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.byteLength; at += size) yield bytes.subarray(at, at + size)
}

/** Yields so many bytes, tells it, and then neither yields nor ends. */
export async function* silentAfter(bytes: number, tell: () => void): AsyncGenerator<Uint8Array> {
  yield* cut(noise(bytes), CHUNK)
  setImmediate(tell)
  await new Promise(() => {})
}

export async function* breaksAfter(bytes: number, error: Error): AsyncGenerator<Uint8Array> {
  yield* cut(noise(bytes), CHUNK)
  throw error
}

/** Stops before the last chunk until the gate opens. */
export async function* gated(bytes: Uint8Array, reached: () => void, gate: Promise<void>): AsyncGenerator<Uint8Array> {
  yield bytes.subarray(0, -1)
  reached()
  await gate
  yield bytes.subarray(-1)
}

/** Counts what is asked of a source. */
export function watched(source: AsyncGenerator<Uint8Array>) {
  let waiting = 0
  return {
    bytes: 0,
    mostAtOnce: 0,
    closed: false,
    [Symbol.asyncIterator](): AsyncIterator<Uint8Array> {
      return {
        next: async () => {
          waiting += 1
          this.mostAtOnce = Math.max(this.mostAtOnce, waiting)
          const next = await source.next()
          waiting -= 1
          this.bytes += next.value?.byteLength ?? 0
          return next
        },
        return: async () => {
          this.closed = true
          return source.return(undefined)
        },
      }
    },
  }
}
