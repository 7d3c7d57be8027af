import type { Hash } from 'node:crypto'
import { type FileHandle, open, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { createPartBuffers } from './part-buffers.ts'
import { writeParts } from './part-writer.ts'

const PIECE = 1024 * 1024

/** What bodies on their way to files are held in. */
export const fileBuffers = createPartBuffers({ bytes: PIECE, keep: 32, idleMs: 10_000 })

type Writing = {
  maxBytes: number
  signal?: AbortSignal | undefined
  hash?: Hash
  /** Where in the file the body begins; 0 unless given. */
  from?: number
  /** Called, and awaited, when the file is written up to there. */
  wrote?: (end: number) => Promise<void>
}

/** Writes a body into a file, each byte once, and leaves it to the caller to flush. Returns the body's bytes. */
export async function writeBody(
  file: FileHandle,
  body: AsyncIterable<Uint8Array>,
  { maxBytes, signal, hash, from = 0, wrote }: Writing,
): Promise<number> {
  let end = from
  async function write(bytes: Uint8Array): Promise<void> {
    await writeFully(file, bytes, end)
    end += bytes.byteLength
    await wrote?.(end)
  }
  const limits = { maxBytes, signal, ...(hash ? { hash } : {}) }
  return writeParts(body, { ...limits, buffers: fileBuffers, partBytes: PIECE, send: write, sendRest: write })
}

export async function writeFully(file: FileHandle, bytes: Uint8Array, at: number): Promise<void> {
  for (let done = 0; done < bytes.byteLength; ) {
    const { bytesWritten } = await file.write(bytes, done, bytes.byteLength - done, at + done)
    done += bytesWritten
  }
}

/** Makes the names in these folders durable, the new file's and those of folders made for it or, a moment ago, for another put. */
export async function syncFolders(from: string, to: string): Promise<void> {
  for (let path = from; ; path = dirname(path)) {
    const folder = await open(path)
    try {
      await folder.sync()
    } finally {
      await folder.close()
    }
    if (path === to) return
  }
}

export async function unlessMissing<T>(promise: Promise<T>): Promise<T | undefined> {
  try {
    return await promise
  } catch (error) {
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR'))
      return undefined
    throw error
  }
}

/** For failures that already have an error to tell: `sweepIncoming` removes what this cannot. */
export async function removeQuietly(path: string): Promise<void> {
  await rm(path, { force: true }).catch(() => {})
}
