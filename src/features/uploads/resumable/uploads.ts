import type { IncomingHttpHeaders } from 'node:http'
import { DataStore, Metadata, Upload as TusUpload } from '@tus/server'
import { findMaterial, materialTooLarge, requirePlace } from '#features/materials/index.ts'
import { deleteUpload, insertUpload } from '#features/storage/index.ts'
import type { Database, TenantTx } from '#platform/db/database.ts'
import type { Settle } from '#platform/db/settle.ts'
import { newId } from '#platform/ids/index.ts'
import { uploadFinished } from '../failures.ts'
import { type ArrivingBytes, type createAppend, SILENCE } from './append.ts'
import type { Capabilities } from './capability.ts'
import { declaredFile, refuseType } from './declared-file.ts'
import { tokenInvalid, tooManyOpen, uploadOvertaken } from './failures.ts'
import type { createFinish } from './finish.ts'
import { createLocks } from './locks.ts'
import { converse, type TusAnswer, type TusRequest } from './protocol.ts'
import { offsetOf, type ResumableUpload, requireUpload, type Target } from './resumable-upload.ts'
import { countOpen, isActive } from './store.ts'

type Deps = {
  db: Pick<Database, 'forTenant'>
  append: ReturnType<typeof createAppend>
  finish: ReturnType<typeof createFinish>
  capabilities: Pick<Capabilities, 'issue'>
  maxBytes: number
  now: () => Date
}

export type CreatedUpload = { id: string; token: string }

/** The protocol's answer, and which material the upload has become. */
export type Continued = TusAnswer & { materialId: string | null }

/** Unfinished ones that a tenant may have; their bytes are bounded by its quota. */
const MAX_OPEN = 1_000

/** Uploads over as many requests as it takes. Every Failure leaves the upload as it stands, but for those of its very end. */
export function createResumableUploads({ db, append, finish, capabilities, maxBytes, now }: Deps) {
  const locks = createLocks()
  const options = { maxBytes, newId }

  /** What is said of size and type comes before everything else that may be wrong. */
  function refuseDeclared(headers: IncomingHttpHeaders) {
    if (Number(headers['upload-length']) > maxBytes) throw materialTooLarge(maxBytes)
    refuseType(metadataOf(headers))
  }

  async function create(
    tenantId: string,
    courseId: string,
    { headers, settle }: { headers: IncomingHttpHeaders; settle: Settle<CreatedUpload> },
  ): Promise<{ created: CreatedUpload; answer: TusAnswer }> {
    let created: CreatedUpload | undefined
    const store = dataStore({
      create: async (upload) => {
        const file = declaredFile(upload.metadata ?? {})
        const row = rowOf({ tenantId, courseId, id: upload.id, sizeBytes: upload.size ?? 0 }, file)
        const token = capabilities.issue({ uploadId: row.id, tenantId, origin: file.origin })
        created = { id: row.id, token }
        await db.forTenant(tenantId, (tx) => insert(tx, row, { id: row.id, token }, settle))
        // It has nothing to wait for.
        if (row.sizeBytes === 0) await finish(tenantId, { ...row, finishedAt: null })
        return upload
      },
      getUpload: async (id) => new TusUpload({ id, size: 0, offset: 0 }),
    })
    const answer = await converse({ method: 'POST', headers }, { ...options, store, locker: locks(() => undefined) })
    if (created === undefined) throw new TypeError('The library has created nothing.')
    return { created, answer }
  }

  async function insert(tx: TenantTx, row: NewRow, created: CreatedUpload, settle: Settle<CreatedUpload>) {
    const { courseId, externalId, replacesId: replaces } = row
    await requirePlace(tx, courseId, { externalId, replaces })
    await insertUpload(tx, row)
    // The reservation has locked the tenant's account: nobody inserts between this count and our commit.
    if ((await countOpen(tx)) > MAX_OPEN) throw tooManyOpen(MAX_OPEN)
    await settle(tx, created)
  }

  const rowOf = (
    base: { tenantId: string; courseId: string; id: string; sizeBytes: number },
    { replaces, origin: _origin, ...file }: ReturnType<typeof declaredFile>,
  ) => ({
    ...base,
    ...file,
    kind: 'resumable' as const,
    replacesId: replaces,
    objectKey: `${base.tenantId}/${base.courseId}/${base.id}`,
    partial: null,
    reservedBytes: base.sizeBytes,
    expiresAt: new Date(now().getTime() + SILENCE),
  })

  type NewRow = ReturnType<typeof rowOf>

  /** Asks, writes on (with `arriving`) or deletes. */
  async function go(target: Target, request: TusRequest, arriving?: ArrivingBytes): Promise<Continued> {
    const { tenantId } = target
    const overtaken = new AbortController()
    let current: ResumableUpload | undefined

    const find = () =>
      db.forTenant(tenantId, async (tx) => {
        // A key would have been refused.
        if (!(await isActive(tx))) throw tokenInvalid()
        return requireUpload(tx, target)
      })
    // A process may have died between the last byte and the material.
    async function finished(upload: ResumableUpload) {
      if (upload.finishedAt !== null || offsetOf(upload) < upload.sizeBytes) return upload
      await finish(tenantId, upload)
      return find()
    }

    const store = dataStore({
      getUpload: async () => {
        current = await finished(await find())
        return shownOf(current)
      },
      // The library's stream is empty: the bytes do not go through it.
      write: async (stream, _id, offset) => {
        stream.resume()
        if (arriving === undefined) return offset
        const signal = AbortSignal.any([arriving.signal, overtaken.signal])
        current = await finished(await append(target, offset, { ...arriving, signal }))
        return offsetOf(current)
      },
      remove: () =>
        db.forTenant(tenantId, async (tx) => {
          if ((await requireUpload(tx, target)).finishedAt !== null) throw uploadFinished()
          await deleteUpload(tx, target.uploadId)
          // Another process may have finished it while we waited for its row.
          if (await findMaterial(tx, target.uploadId)) throw uploadFinished()
        }),
    })
    const locker = locks(() => overtaken.abort(uploadOvertaken()))
    const { status, headers } = await converse({ ...request, id: target.uploadId }, { ...options, store, locker })
    if (current === undefined || current.finishedAt !== null)
      return { status, headers, materialId: current?.id ?? null }
    return { status, headers: { ...headers, 'upload-expires': current.expiresAt.toUTCString() }, materialId: null }
  }

  return {
    refuseDeclared,
    create,
    look: (target: Target, headers: IncomingHttpHeaders) => go(target, { method: 'HEAD', headers }),
    append: (target: Target, headers: IncomingHttpHeaders, arriving: ArrivingBytes) =>
      go(target, { method: 'PATCH', headers }, arriving),
    remove: (target: Target, headers: IncomingHttpHeaders) => go(target, { method: 'DELETE', headers }),
    /** What this server can do. */
    describe: (headers: IncomingHttpHeaders) =>
      converse({ method: 'OPTIONS', headers }, { ...options, store: dataStore({}), locker: locks(() => undefined) }),
  }
}

function dataStore(methods: Partial<Pick<DataStore, 'create' | 'getUpload' | 'write' | 'remove'>>): DataStore {
  const extensions = ['creation', 'expiration', 'termination']
  return Object.assign(new DataStore(), { extensions, getExpiration: () => SILENCE }, methods)
}

function shownOf(upload: ResumableUpload): TusUpload {
  const { id, sizeBytes: size, filename, sourceType, contentType, externalId, replacesId, sha256 } = upload
  const said = { filename, source_type: sourceType, content_type: contentType, external_id: externalId }
  const all = Object.entries({ ...said, replaces: replacesId, sha256 })
  const metadata = Object.fromEntries(all.filter(([, value]) => value !== null))
  // The library counts the time that an upload has from its beginning; here it begins anew with every progress.
  const creation_date = new Date(upload.expiresAt.getTime() - SILENCE).toISOString()
  return new TusUpload({ id, size, offset: offsetOf(upload), metadata, creation_date })
}

function metadataOf({ 'upload-metadata': text }: IncomingHttpHeaders): Record<string, string | null> {
  try {
    return Metadata.parse(String(text))
  } catch {
    return {}
  }
}
