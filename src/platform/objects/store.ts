import type { Readable } from 'node:stream'

/** What a completed `put` knows of the bytes it stored. `sha256` is lower-case hex. */
export type StoredObject = { size: number; sha256: string }

/** The bytes from `start` to `end`, both included. */
export type ByteRange = { start: number; end: number }

export type PutOptions = {
  /** More bytes than this end the put with `ObjectTooLarge`; nothing stays behind. */
  maxBytes: number
  contentType?: string
  signal?: AbortSignal
}

export type ListedObject = { key: string; size: number; modifiedAt: Date }

/** A part as the store confirmed it. Parts are numbered from 1 and all of one size, but for the last. */
export type Part = { size: number; etag: string }

/**
 * What a store holds of an object that is written in several requests: JSON, to be kept by the caller, opaque to it but for `offset`.
 * `offset` counts the bytes that are durable.
 */
export type PartialObject = {
  uploadId: string
  offset: number
  partBytes: number
  parts: Part[]
  /** Bytes after the last part that are kept aside until they fill one. */
  tailBytes: number
}

export type AppendOptions = {
  /** Bytes that the whole object will have: reaching it ends the append, one more rejects it with `ObjectTooLarge`. */
  size: number
  signal?: AbortSignal
  /**
   * Called, and awaited, whenever more bytes became durable, with the account to keep. When it throws, the append stops with that
   * error: somebody else writes by now.
   */
  saved(partial: PartialObject): Promise<void>
}

/** Objects that are written piece by piece over several requests, perhaps by several processes. */
export type PartialStore = {
  /** Begins an object of `size` bytes; nothing is visible at its key until it is completed. */
  begin(key: string, options: { size: number; contentType?: string }): Promise<PartialObject>
  /**
   * Writes on at `partial.offset` and resolves with the new account when the body has ended, every byte of it durable. When the body
   * or the store fails, it rejects, and what `saved` was told last is what is there.
   */
  append(
    key: string,
    partial: PartialObject,
    body: AsyncIterable<Uint8Array>,
    options: AppendOptions,
  ): Promise<PartialObject>
  /** Makes a whole object of it. Safe to repeat: one that was completed already is checked, not made again. */
  complete(key: string, partial: PartialObject, options: { size: number }): Promise<void>
  /** Ends what is unfinished at `key`, every attempt of it; what is complete stays. Nothing there is no error. */
  abort(key: string): Promise<void>
  /** What is unfinished in the store, whoever began it. */
  list(prefix: string): AsyncIterable<{ key: string; uploadId: string; startedAt: Date }>
}

export type SignedRequest = { url: string; headers: Record<string, string> }

/** What a bucket can do that a folder cannot: let a client talk to it, for a while, for exactly one purpose. */
export type DirectStore = {
  /** One PUT for each part of an object that `begin` began; a part of another size is refused by the store. */
  signParts(key: string, partial: PartialObject, options: { size: number; seconds: number }): Promise<SignedRequest[]>
  /** The parts that are there, as the store lists them: the account with which `complete` may be called, or what is missing. */
  listParts(key: string, partial: PartialObject): Promise<Part[]>
  /** A GET of the object under a file's name. */
  signGet(key: string, options: { seconds: number; filename: string; contentType: string }): Promise<string>
}

/**
 * Where the bytes of materials live. Keys are `/`-separated paths of `[A-Za-z0-9._-]` segments, made by us, never by clients.
 * A `put` streams: it holds no more than a fixed number of bytes whatever the size of the body, hashes on the way, and is
 * atomic: the object is there whole and durable when the promise resolves, and not at all when it rejects or is aborted.
 */
export type ObjectStore = {
  put(key: string, body: AsyncIterable<Uint8Array>, options: PutOptions): Promise<StoredObject>
  /** The object's bytes as a stream that the caller must consume or destroy. Throws `ObjectNotFound`. */
  get(key: string, options?: { signal?: AbortSignal; range?: ByteRange }): Promise<Readable>
  /** Size in bytes and when it was stored, or undefined when there is no such object. */
  head(key: string): Promise<{ size: number; modifiedAt: Date } | undefined>
  /** Deletes if present; deleting what is not there is not an error. */
  delete(key: string): Promise<void>
  list(prefix: string): AsyncIterable<ListedObject>
  /** Resolves when the store answers and accepts our credentials; rejects otherwise. For health probes. */
  check(signal: AbortSignal): Promise<void>
  /** Objects written over several requests. */
  partial: PartialStore
  /** Clients' own way to the bytes; undefined where there is none. */
  direct: DirectStore | undefined
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
