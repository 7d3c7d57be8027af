import type { Readable } from 'node:stream'

/** What a completed `put` knows of the bytes it stored. `sha256` is lower-case hex. */
export type StoredObject = { size: number; sha256: string }

export type PutOptions = {
  /** More bytes than this end the put with `ObjectTooLarge`; nothing stays behind. */
  maxBytes: number
  contentType?: string
  signal?: AbortSignal
}

export type ListedObject = { key: string; size: number; modifiedAt: Date }

/**
 * Where the bytes of materials live. Keys are `/`-separated paths of `[A-Za-z0-9._-]` segments, made by us, never by clients.
 * A `put` streams: it holds no more than a fixed number of bytes whatever the size of the body, hashes on the way, and is
 * atomic: the object is there whole and durable when the promise resolves, and not at all when it rejects or is aborted.
 */
export type ObjectStore = {
  put(key: string, body: AsyncIterable<Uint8Array>, options: PutOptions): Promise<StoredObject>
  /** The object's bytes as a stream that the caller must consume or destroy. Throws `ObjectNotFound`. */
  get(key: string, options?: { signal?: AbortSignal }): Promise<Readable>
  /** Size in bytes, or undefined when there is no such object. */
  head(key: string): Promise<{ size: number } | undefined>
  /** Deletes if present; deleting what is not there is not an error. */
  delete(key: string): Promise<void>
  list(prefix: string): AsyncIterable<ListedObject>
  /** Resolves when the store answers and accepts our credentials; rejects otherwise. For health probes. */
  check(signal: AbortSignal): Promise<void>
  close(): Promise<void>
}

export class ObjectTooLarge extends Error {
  readonly maxBytes: number

  constructor(maxBytes: number) {
    super(`The object is larger than ${maxBytes} bytes.`)
    this.name = 'ObjectTooLarge'
    this.maxBytes = maxBytes
  }
}

export class ObjectNotFound extends Error {
  readonly key: string

  constructor(key: string) {
    super(`There is no object ${key}.`)
    this.name = 'ObjectNotFound'
    this.key = key
  }
}
