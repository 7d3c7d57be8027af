import { randomUUID } from 'node:crypto'
import { type FileHandle, mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { untilAborted } from './abort.ts'
import { measureBody } from './body.ts'
import { requireKey, requirePrefix } from './key.ts'
import { type ListedObject, ObjectNotFound, type ObjectStore } from './store.ts'

const INCOMING = '.incoming'

/**
 * Objects as files below `folder`, which is made when needed: for development and small installs. A body is written aside and
 * renamed into place. As in any file tree, a key cannot also be the folder of other keys. Emptied folders stay.
 */
export function createFileStore(options: { folder: string }): ObjectStore {
  const folder = resolve(options.folder)
  const pathOf = (key: string) => join(folder, requireKey(key))

  return {
    async put(key, body, { maxBytes, signal }) {
      const target = pathOf(key)
      const { chunks, measured } = measureBody(body, { maxBytes, signal })
      const written = await writeAside(folder, chunks)
      try {
        await mkdir(dirname(target), { recursive: true })
        signal?.throwIfAborted()
        await rename(written, target)
      } catch (error) {
        await removeQuietly(written)
        throw error
      }
      try {
        await syncFolders(dirname(target), folder)
      } catch (error) {
        await removeQuietly(target)
        throw error
      }
      return measured()
    },

    async get(key, { signal } = {}) {
      const path = pathOf(key)
      signal?.throwIfAborted()
      const file = await unlessMissing(open(path))
      if (!file) throw new ObjectNotFound(key)
      try {
        if (!(await file.stat()).isFile()) throw new ObjectNotFound(key)
        return file.createReadStream(signal ? { signal } : {})
      } catch (error) {
        await file.close()
        throw error
      }
    },

    async head(key) {
      const found = await unlessMissing(stat(pathOf(key)))
      return found?.isFile() ? { size: found.size } : undefined
    },

    async delete(key) {
      const path = pathOf(key)
      const found = await unlessMissing(stat(path))
      if (found?.isFile()) await rm(path, { force: true })
    },

    async *list(prefix) {
      const start = requirePrefix(prefix).slice(0, prefix.lastIndexOf('/') + 1)
      yield* walk(folder, start, prefix)
    },

    async check(signal) {
      signal.throwIfAborted()
      await untilAborted(proveWritable(folder), signal)
    },

    async close() {},
  }
}

/**
 * Removes what killed processes left half written. A running put touches its file with every chunk, so choose more milliseconds
 * than a body may be silent. Returns the number of files removed.
 */
export async function sweepIncoming({ folder, olderThanMs }: { folder: string; olderThanMs: number }): Promise<number> {
  const incoming = join(folder, INCOMING)
  const before = Date.now() - olderThanMs
  let removed = 0
  for (const name of (await unlessMissing(readdir(incoming))) ?? []) {
    const path = join(incoming, name)
    const found = await unlessMissing(stat(path))
    if (!found || found.mtimeMs > before) continue
    await rm(path, { force: true })
    removed += 1
  }
  return removed
}

/** Writes and flushes a new file in the incoming folder; returns its path, or leaves nothing and throws. */
async function writeAside(folder: string, chunks: AsyncIterable<Uint8Array>): Promise<string> {
  const path = join(folder, INCOMING, randomUUID())
  await mkdir(dirname(path), { recursive: true })
  const file = await open(path, 'wx', 0o600)
  try {
    try {
      for await (const chunk of chunks) await writeFully(file, chunk)
      await file.sync()
    } finally {
      await file.close()
    }
  } catch (error) {
    await removeQuietly(path)
    throw error
  }
  return path
}

async function writeFully(file: FileHandle, chunk: Uint8Array): Promise<void> {
  let written = 0
  while (written < chunk.byteLength) written += (await file.write(chunk, written)).bytesWritten
}

/** Makes the names in these folders durable, the new file's and those of folders made for it or, a moment ago, for another put. */
async function syncFolders(from: string, to: string): Promise<void> {
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

/** In the byte order of keys, as S3 lists: a folder sorts as its name with the slash that follows it in a key. */
async function* walk(folder: string, at: string, prefix: string): AsyncGenerator<ListedObject> {
  const entries = (await unlessMissing(readdir(join(folder, at), { withFileTypes: true }))) ?? []
  const paths = entries
    .filter((entry) => !entry.name.startsWith('.') && (entry.isFile() || entry.isDirectory()))
    .map((entry) => at + entry.name + (entry.isDirectory() ? '/' : ''))
    .filter((path) => path.startsWith(prefix) || prefix.startsWith(path))
    .sort((a, b) => (a < b ? -1 : 1))
  for (const path of paths) {
    if (path.endsWith('/')) {
      yield* walk(folder, path, prefix)
    } else if (path.startsWith(prefix)) {
      const found = await unlessMissing(stat(join(folder, path)))
      if (found) yield { key: path, size: found.size, modifiedAt: found.mtime }
    }
  }
}

async function proveWritable(folder: string): Promise<void> {
  const path = await writeAside(
    folder,
    (async function* () {
      yield new Uint8Array(1)
    })(),
  )
  await rm(path)
}

async function unlessMissing<T>(promise: Promise<T>): Promise<T | undefined> {
  try {
    return await promise
  } catch (error) {
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR'))
      return undefined
    throw error
  }
}

/** For failures that already have an error to tell: `sweepIncoming` removes what this cannot. */
async function removeQuietly(path: string): Promise<void> {
  await rm(path, { force: true }).catch(() => {})
}
