import { createWriteStream } from 'node:fs'
import { appendFile, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { Failure } from '#kernel/failure.ts'
import type { Database } from '#platform/db/database.ts'
import { tenantRows } from '#platform/db/tenant-rows.ts'
import { ObjectNotFound, type ObjectStore } from '#platform/objects/index.ts'
import { exportReadme } from './export-readme.ts'

type Deps = { db: Pick<Database, 'forTenant'>; objects: Pick<ObjectStore, 'get'> }

export type ExportSummary = {
  rows: number
  files: number
  /** Ids of materials and submissions whose bytes are not in the store: deleted meanwhile, or lost. */
  missing: string[]
}

/**
 * Writes a new folder that only its owner may enter: `<table>.jsonl`, a row a line, for every table in which the tenant has rows, all
 * as of one moment; then `files/` with the bytes of materials and submissions under their ids, and `README.md`, which says what each file is. Secrets (key hashes) are left out. Throws when the folder
 * exists.
 */
export async function exportTenant({ db, objects }: Deps, tenantId: string, folder: string): Promise<ExportSummary> {
  await mkdir(folder, { mode: 0o700 }).catch((error: NodeJS.ErrnoException) => {
    const reason = error.code === 'EEXIST' ? 'exists already' : error.message
    throw new Failure('conflict', 'export.folder', `The folder ${folder} cannot be made: ${reason}`, { cause: error })
  })
  await mkdir(join(folder, 'files'))
  const counts = new Map<string, number>()
  const { rows, stored } = await db.forTenant(tenantId, async (tx) => {
    const stored: StoredFile[] = []
    let rows = 0
    for await (const batch of tenantRows(tx)) {
      for (const [table, lines] of Map.groupBy(batch, ({ table }) => table)) {
        await appendFile(join(folder, `${table}.jsonl`), lines.map(({ json }) => `${json}\n`).join(''))
        counts.set(table, (counts.get(table) ?? 0) + lines.length)
        if (table === 'materials' || table === 'submissions')
          stored.push(...lines.flatMap(({ json }) => storedFile(JSON.parse(json))))
      }
      rows += batch.length
    }
    return { rows, stored }
  })
  const missing: string[] = []
  for (const { id, key, name } of stored) {
    const written = await writeObject(objects, key, join(folder, 'files', name))
    if (!written) missing.push(id)
  }
  await writeFile(join(folder, 'README.md'), exportReadme(counts, missing), { flag: 'wx' })
  return { rows, files: stored.length - missing.length, missing }
}

type StoredFile = { id: string; key: string; name: string }

function storedFile({ id, object_key: key, filename }: Record<string, unknown>): StoredFile[] {
  if (typeof id !== 'string' || typeof key !== 'string') return []
  const [extension = ''] = /\.[A-Za-z0-9]{1,10}$/.exec(String(filename)) ?? []
  return [{ id, key, name: `${id}${extension}` }]
}

/** False when there is no such object. */
async function writeObject(objects: Deps['objects'], key: string, path: string): Promise<boolean> {
  try {
    await pipeline(await objects.get(key), createWriteStream(path, { flags: 'wx' }))
    return true
  } catch (error) {
    if (error instanceof ObjectNotFound) return false
    throw error
  }
}
