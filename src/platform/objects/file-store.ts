import { createHash, randomUUID } from 'node:crypto'
import { type FileHandle, mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { untilAborted } from './abort.ts'
import { createFilePartials } from './file-partial.ts'
import { removeQuietly, syncFolders, unlessMissing, writeBody, writeFully } from './files.ts'
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
      const hash = createHash('sha256')
      signal?.throwIfAborted()
      const { path, size } = await writeAside(folder, async (file) => {
        const written = await writeBody(file, body, { maxBytes, signal, hash })
        await file.sync()
        return written
      })
      try {
        await mkdir(dirname(target), { recursive: true })
        signal?.throwIfAborted()
        await rename(path, target)
      } catch (error) {
        await removeQuietly(path)
        throw error
      }
      try {
        await syncFolders(dirname(target), folder)
      } catch (error) {
        await removeQuietly(target)
        throw error
      }
      return { size, sha256: hash.digest('hex') }
    },

    async get(key, { signal, range } = {}) {
      const path = pathOf(key)
      signal?.throwIfAborted()
      const file = await unlessMissing(open(path))
      if (!file) throw new ObjectNotFound(key)
      try {
        if (!(await file.stat()).isFile()) throw new ObjectNotFound(key)
        return file.createReadStream({ ...range, ...(signal ? { signal } : {}) })
      } catch (error) {
        await file.close()
        throw error
      }
    },

    async head(key) {
      const found = await unlessMissing(stat(pathOf(key)))
      return found?.isFile() ? { size: found.size, modifiedAt: found.mtime } : undefined
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

    partial: createFilePartials({ folder }),
    direct: undefined,

    async close() {},
  }
}

/**
 * Removes what killed processes left half written. A running put touches its file with every MiB, so choose more milliseconds
 * than that may take. Returns the number of files removed.
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

/** Writes and flushes a new file in the incoming folder; returns its path and size, or leaves nothing and throws. */
async function writeAside(
  folder: string,
  write: (file: FileHandle) => Promise<number>,
): Promise<{ path: string; size: number }> {
  const path = join(folder, INCOMING, randomUUID())
  await mkdir(dirname(path), { recursive: true })
  const file = await open(path, 'wx', 0o600)
  try {
    const size = await write(file).finally(() => file.close())
    return { path, size }
  } catch (error) {
    await removeQuietly(path)
    throw error
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
  const { path } = await writeAside(folder, async (file) => {
    await writeFully(file, new Uint8Array(1), 0)
    await file.sync()
    return 1
  })
  await rm(path)
}
