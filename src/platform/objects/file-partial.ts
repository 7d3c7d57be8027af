import { randomUUID } from 'node:crypto'
import { type FileHandle, mkdir, open, readdir, rename, rm, rmdir, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { syncFolders, unlessMissing, writeBody } from './files.ts'
import { requireKey, requirePrefix } from './key.ts'
import { PART_BYTES } from './part-size.ts'
import { type AppendOptions, ObjectTooLarge, type PartialObject, type PartialStore } from './store.ts'

const PARTIAL = '.partial'

/**
 * Unfinished objects as files `.partial/<key>/<upload id>`, renamed into place when they are complete; bytes become durable
 * `PART_BYTES` at a time. What a killed process wrote and did not save is written over. It is not cut off: whoever was overtaken since it
 * was told where to begin would cut off what the next one has saved.
 */
export function createFilePartials({ folder }: { folder: string }): PartialStore {
  const placeOf = (key: string) => join(folder, PARTIAL, requireKey(key))
  const pathOf = (key: string, { uploadId }: PartialObject) => join(placeOf(key), requireKey(uploadId))

  return {
    async begin(key) {
      const partial = { uploadId: randomUUID(), offset: 0, partBytes: PART_BYTES, parts: [], tailBytes: 0 }
      const path = pathOf(key, partial)
      await mkdir(dirname(path), { recursive: true })
      const file = await open(path, 'wx', 0o600)
      await file.close()
      await syncFolders(dirname(path), folder)
      return partial
    },

    async append(key, partial, body, options) {
      options.signal?.throwIfAborted()
      const file = await open(pathOf(key, partial), 'r+')
      try {
        return await writeOn(file, partial, body, options)
      } catch (error) {
        throw error instanceof ObjectTooLarge ? new ObjectTooLarge(options.size) : error
      } finally {
        await file.close()
      }
    },

    async complete(key, partial, { size }) {
      const path = pathOf(key, partial)
      const target = join(folder, key)
      const held = await unlessMissing(stat(path))
      const found = held ?? (await unlessMissing(stat(target)))
      if (!found) throw new Error(`There is nothing to complete at ${key}.`)
      const there = Math.min(found.size, partial.offset)
      if (found.size !== size || there !== size) throw new Error(`The store holds ${there} of ${size} bytes of ${key}.`)
      if (held) {
        await mkdir(dirname(target), { recursive: true })
        await rename(path, target)
        await rmdir(dirname(path)).catch(() => {})
      }
      await syncFolders(dirname(target), folder)
    },

    async abort(key) {
      const place = placeOf(key)
      for (const entry of await entriesOf(place)) {
        if (entry.isFile()) await rm(join(place, entry.name), { force: true })
      }
      await rmdir(place).catch(() => {})
    },

    async *list(prefix) {
      requirePrefix(prefix)
      for await (const { key, uploadId } of walk(join(folder, PARTIAL), '')) {
        const found = key.startsWith(prefix) && (await unlessMissing(stat(join(folder, PARTIAL, key, uploadId))))
        if (found) yield { key, uploadId, startedAt: found.mtime }
      }
    },
  }
}

async function writeOn(
  file: FileHandle,
  partial: PartialObject,
  body: AsyncIterable<Uint8Array>,
  { size, signal, saved }: AppendOptions,
): Promise<PartialObject> {
  const { offset } = partial
  const there = (await file.stat()).size
  if (there < offset) throw new Error(`The file holds ${there} of the ${offset} bytes that were confirmed.`)

  let durable = partial
  async function save(end: number): Promise<void> {
    await file.datasync()
    durable = { ...partial, offset: end }
    await saved(durable)
  }
  const wrote = async (end: number) => (end - durable.offset >= PART_BYTES ? save(end) : undefined)
  const written = await writeBody(file, body, { maxBytes: size - offset, signal, from: offset, wrote })
  if (offset + written > durable.offset) await save(offset + written)
  return durable
}

async function* walk(place: string, key: string): AsyncGenerator<{ key: string; uploadId: string }> {
  const entries = await entriesOf(join(place, key))
  for (const { name } of entries.filter((entry) => entry.isFile())) yield { key, uploadId: name }
  for (const { name } of entries.filter((entry) => entry.isDirectory())) {
    yield* walk(place, key === '' ? name : `${key}/${name}`)
  }
}

async function entriesOf(place: string) {
  return (await unlessMissing(readdir(place, { withFileTypes: true }))) ?? []
}
