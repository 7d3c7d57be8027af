import { createWriteStream } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { Failure } from '#kernel/failure.ts'
import type { Database } from '#platform/db/database.ts'
import { tenantRows } from '#platform/db/tenant-rows.ts'
import type { ObjectStore } from '#platform/objects/index.ts'

type Deps = { db: Pick<Database, 'forTenant'>; objects: Pick<ObjectStore, 'get'> }

/**
 * Writes a new folder: `<table>.jsonl`, a row a line, for every table that holds tenant data, and `files/` with the materials' bytes
 * under their ids. Secrets (key hashes) are left out. Throws when the folder exists.
 */
export async function exportTenant(
  { db, objects }: Deps,
  tenantId: string,
  folder: string,
): Promise<{ rows: number; files: number }> {
  await mkdir(folder).catch((error: NodeJS.ErrnoException) => {
    const reason = error.code === 'EEXIST' ? 'exists already' : error.message
    throw new Failure('conflict', 'export.folder', `The folder ${folder} cannot be made: ${reason}`, { cause: error })
  })
  await mkdir(join(folder, 'files'))
  let rows = 0
  const keys: { id: string; key: string; filename: string }[] = []
  await db.forTenant(tenantId, async (tx) => {
    for await (const { table, lines } of tenantRows(tx)) {
      const text = lines.map((line) => `${JSON.stringify(line)}\n`).join('')
      await writeFile(join(folder, `${table}.jsonl`), text, { flag: 'a' })
      rows += lines.length
      if (table !== 'materials') continue
      for (const { id, object_key: key, filename } of lines) {
        if (typeof key === 'string') keys.push({ id: String(id), key, filename: String(filename) })
      }
    }
  })
  for (const { id, key, filename } of keys) {
    const extension = /\.[A-Za-z0-9]{1,10}$/.exec(filename)?.[0] ?? ''
    await pipeline(
      await objects.get(key),
      createWriteStream(join(folder, 'files', `${id}${extension}`), { flags: 'wx' }),
    )
  }
  return { rows, files: keys.length }
}
