import { createHash } from 'node:crypto'
import type { Caller } from '#kernel/caller.ts'
import type { Database } from '#platform/db/database.ts'
import { ObjectNotFound, type ObjectStore } from '#platform/objects/index.ts'
import * as store from './export-store.ts'
import { studentNotFound } from './failures.ts'

type Deps = { db: Pick<Database, 'forTenant'>; objects: Pick<ObjectStore, 'get'> }

/** Submissions of a batch: each may be as long as its answer and all that was asked about it. */
const FEW = 20
const MANY = 200

/**
 * Everything held about a person, as the text of one JSON object, piece by piece. What models were asked and answered is in it for
 * a caller who may see reference solutions. Throws the Failure `student.not_found` before the first piece.
 */
export function createExporter({ db, objects }: Deps) {
  return async ({ tenantId, scopes }: Caller, studentId: string): Promise<AsyncGenerator<string>> => {
    const withModels = scopes.includes('prep')
    const counters = await db.forTenant(tenantId, async (tx) => {
      if (!(await store.isHeld(tx, studentId))) throw studentNotFound()
      return store.exportCounters(tx, studentId)
    })
    return written()

    async function* written(): AsyncGenerator<string> {
      const about = { student_id: studentId, exported_at: new Date().toISOString() }
      yield `${JSON.stringify(about).slice(0, -1)},"submissions":[`
      let separator = ''
      for await (const { json, file } of inBatches(FEW, submissions)) {
        // The file goes into the object, as its last field.
        yield `${separator}\n${json.slice(0, -1)},"file":`
        if (file === null) yield 'null}'
        else yield* fileJson(file)
        separator = ','
      }
      yield `],\n"attempts":[${counters.join(',')}],\n"deliveries":[`
      separator = ''
      for await (const { json } of inBatches(MANY, deliveries)) {
        yield `${separator}\n${json}`
        separator = ','
      }
      yield ']}\n'
    }

    function submissions(after: string | undefined, limit: number) {
      return db.forTenant(tenantId, (tx) => store.exportSubmissions(tx, studentId, { after, limit, withModels }))
    }

    function deliveries(after: string | undefined, limit: number) {
      return db.forTenant(tenantId, (tx) => store.exportDeliveries(tx, studentId, { after, limit }))
    }
  }

  async function* fileJson({ filename, contentType, objectKey }: store.ExportedFile): AsyncGenerator<string> {
    yield `${JSON.stringify({ filename, content_type: contentType }).slice(0, -1)},"content_base64":`
    const bytes = objectKey === null ? undefined : await found(objectKey)
    if (bytes === undefined) return yield 'null,"size_bytes":null,"sha256":null}}'
    yield '"'
    const hash = createHash('sha256')
    let size = 0
    let rest = Buffer.alloc(0)
    for await (const chunk of bytes) {
      hash.update(chunk)
      size += chunk.length
      // Three bytes are four characters: what is left over waits for the next.
      const whole = Buffer.concat([rest, chunk])
      rest = whole.subarray(whole.length - (whole.length % 3))
      yield whole.subarray(0, whole.length - rest.length).toString('base64')
    }
    yield `${rest.toString('base64')}","size_bytes":${size},"sha256":"${hash.digest('hex')}"}}`
  }

  async function found(key: string): Promise<AsyncIterable<Buffer> | undefined> {
    try {
      return await objects.get(key)
    } catch (error) {
      if (error instanceof ObjectNotFound) return undefined
      throw error
    }
  }
}

async function* inBatches<T extends { id: string }>(
  limit: number,
  read: (after: string | undefined, limit: number) => Promise<T[]>,
): AsyncGenerator<T> {
  for (let after: string | undefined; ; ) {
    const batch = await read(after, limit)
    yield* batch
    if (batch.length < limit) return
    after = batch.at(-1)?.id
  }
}
