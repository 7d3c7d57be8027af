import type { Database } from '#platform/db/database.ts'
import { readInstallation } from '#platform/db/installation.ts'
import type { ObjectStore } from '#platform/objects/index.ts'

/** What the storage remembers of this installation; undefined when what it keeps cannot be read. */
export type Marker = { generation: number | undefined }

/** The storage belongs to another installation: nothing of it may be touched. */
export class ForeignStorage extends Error {
  constructor(key: string, id: string) {
    super(
      `The object storage belongs to another installation: it holds ${key}, and this database is installation ${id}. ` +
        'Use a bucket of its own, or remove that object when nothing else uses the bucket.',
    )
    this.name = 'ForeignStorage'
  }
}

type Deps = {
  db: Pick<Database, 'statement'>
  objects: Pick<ObjectStore, 'list' | 'get' | 'put' | 'delete'>
}

const FOLDER = 'installation/'
const MARKER = /^installation\/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\.json$/

/** Whether a key is that of some installation's marker. */
export const isMarker = (key: string) => MARKER.test(key)

const MAX_MARKER = 4_096
const MAX_LISTED = 100

/**
 * The object by which a bucket or a folder is known to be this installation's: one key for each installation, so that of two that
 * claim a new bucket at the same moment at least one sees the other; a conditional put is not to be had everywhere.
 */
export function createMarkers({ db, objects }: Deps) {
  /** Reads this installation's marker, and makes one when there is none. Throws `ForeignStorage`. */
  async function claim(): Promise<Marker> {
    const { id } = await readInstallation(db)
    const found = await markers()
    refuseOthers(found, id)
    if (found.includes(keyOf(id))) return await read(id)
    await write(0)
    try {
      refuseOthers(await markers(), id)
    } catch (error) {
      if (error instanceof ForeignStorage) await objects.delete(keyOf(id))
      throw error
    }
    return { generation: 0 }
  }

  async function write(generation: number): Promise<void> {
    const { id } = await readInstallation(db)
    const text = JSON.stringify({ installation: id, generation })
    await objects.put(keyOf(id), once(Buffer.from(text)), { maxBytes: MAX_MARKER, contentType: 'application/json' })
  }

  async function markers(): Promise<string[]> {
    const keys: string[] = []
    for await (const { key } of objects.list(FOLDER)) {
      if (isMarker(key)) keys.push(key)
      if (keys.length >= MAX_LISTED) break
    }
    return keys
  }

  async function read(id: string): Promise<Marker> {
    const body = await objects.get(keyOf(id), { range: { start: 0, end: MAX_MARKER - 1 } })
    const text = Buffer.concat(await body.toArray()).toString()
    return { generation: generationOf(text, id) }
  }

  return { claim, write }
}

const keyOf = (id: string) => `${FOLDER}${id}.json`

function refuseOthers(found: string[], id: string) {
  const other = found.find((key) => key !== keyOf(id))
  if (other !== undefined) throw new ForeignStorage(other, id)
}

function generationOf(text: string, id: string): number | undefined {
  try {
    const { installation, generation } = JSON.parse(text)
    return installation === id && Number.isSafeInteger(generation) && generation >= 0 ? generation : undefined
  } catch {
    return undefined
  }
}

async function* once(bytes: Uint8Array) {
  yield bytes
}
