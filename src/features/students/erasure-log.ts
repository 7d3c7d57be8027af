import type { Database } from '#platform/db/database.ts'
import type { ObjectStore } from '#platform/objects/index.ts'
import * as store from './erasure-store.ts'

type Deps = {
  db: Pick<Database, 'asOperator'>
  objects: Pick<ObjectStore, 'put' | 'get' | 'list'>
}

type CopyOrder = { only?: Pick<store.Erasure, 'tenantId' | 'studentHash'>; signal?: AbortSignal }

export type ErasureLog = ReturnType<typeof createErasureLog>

const FOLDER = 'erasures/'
const ENTRY = /^erasures\/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\/([0-9a-f]{64})\.json$/
const MAX_ENTRY = 1_024
const BATCH = 100

/**
 * The list of erasures beside the database's own: an object a person, as a backup of the database is older than what was erased after
 * it. An entry is in the database first, and there until the object store has it, too.
 */
export function createErasureLog({ db, objects }: Deps) {
  return {
    /** Writes down what the object store does not know yet: everything, or one person's. Returns how many. */
    async copy({ only, signal }: CopyOrder = {}): Promise<number> {
      for (let count = 0; ; ) {
        const batch = await db.asOperator('list erasures', (tx) => store.erasuresToCopy(tx, { limit: BATCH, only }))
        for (const erasure of batch) {
          signal?.throwIfAborted()
          const bytes = Buffer.from(JSON.stringify(entryOf(erasure)))
          const options = { maxBytes: MAX_ENTRY, contentType: 'application/json', ...(signal ? { signal } : {}) }
          await objects.put(keyOf(erasure), once(bytes), options)
          await db.asOperator('note a copied erasure', (tx) => store.noteCopied(tx, erasure))
          count += 1
        }
        if (batch.length === 0 || only !== undefined) return count
      }
    },
    /** What the object store knows. */
    async *list(): AsyncGenerator<store.Erasure> {
      for await (const { key, modifiedAt } of objects.list(FOLDER)) {
        const [, tenantId, studentHash] = ENTRY.exec(key) ?? []
        if (tenantId === undefined || studentHash === undefined) continue
        const body = await objects.get(key, { range: { start: 0, end: MAX_ENTRY - 1 } })
        const erasedAt = momentIn(Buffer.concat(await body.toArray()).toString())
        // The key alone says who: an entry that cannot be read was at least not written before it was true.
        yield { tenantId, studentHash, erasedAt: erasedAt ?? modifiedAt }
      }
    },
  }
}

const keyOf = ({ tenantId, studentHash }: store.Erasure) => `${FOLDER}${tenantId}/${studentHash}.json`

const entryOf = ({ tenantId, studentHash, erasedAt }: store.Erasure) => ({
  tenant_id: tenantId,
  student_hash: studentHash,
  erased_at: erasedAt.toISOString(),
})

function momentIn(text: string): Date | undefined {
  try {
    const moment = new Date(JSON.parse(text).erased_at)
    return Number.isNaN(moment.getTime()) ? undefined : moment
  } catch {
    return undefined
  }
}

async function* once(bytes: Uint8Array) {
  yield bytes
}
