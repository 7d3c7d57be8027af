import { createHash } from 'node:crypto'
import { open } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { writeBody } from '#platform/objects/files.ts'
import { ObjectTooLarge } from '#platform/objects/index.ts'
import { storedSizeMismatch } from '../failures.ts'
import type { MaterialFormat } from '../formats.ts'

/** The bytes of a material, and as what they are to be read. */
export type Source = {
  format: MaterialFormat
  /** The encoding that was declared for them. */
  charset?: string | undefined
  /** Of a page, only its main article. */
  article?: boolean
  /** More they cannot be. */
  maxBytes: number
  /** The bytes from their beginning. */
  open(signal: AbortSignal): Promise<AsyncIterable<Uint8Array>>
}

/** Lets `work` read the bytes, as far as it wants. */
export async function withBody<T>(
  source: Pick<Source, 'open'>,
  signal: AbortSignal,
  work: (body: AsyncIterable<Uint8Array>) => Promise<T>,
): Promise<T> {
  const body = await source.open(signal)
  try {
    return await work(body)
  } finally {
    if (body instanceof Readable) body.destroy()
  }
}

/** Copies the bytes to a file that is not there yet; returns their SHA-256. Throws `upload.size_mismatch`. */
export async function copyTo(path: string, source: Source, signal: AbortSignal): Promise<string> {
  const hash = createHash('sha256')
  const file = await open(path, 'wx', 0o600)
  try {
    await withBody(source, signal, (body) => writeBody(file, body, { maxBytes: source.maxBytes, signal, hash }))
  } catch (error) {
    throw error instanceof ObjectTooLarge ? storedSizeMismatch() : error
  } finally {
    await file.close()
  }
  return hash.digest('hex')
}
