import { requireCourse } from '#features/courses/index.ts'
import { type Admission, type Leave, requireRoom } from '#features/storage/index.ts'
import type { Caller } from '#kernel/caller.ts'
import { Failure, invalid } from '#kernel/failure.ts'
import type { Database } from '#platform/db/database.ts'
import type { Settle } from '#platform/db/settle.ts'
import { newId } from '#platform/ids/index.ts'
import type { Log } from '#platform/log/index.ts'
import type { ObjectStore } from '#platform/objects/index.ts'
import type { Queue } from '#platform/queue/index.ts'
import { refuseUrl } from '#platform/web/index.ts'
import { createAcceptance, requirePlace } from './accept.ts'
import { materialUnsupportedType, urlRefused, videoPlatform } from './failures.ts'
import { extensionOf, isUploadable, type SourceType } from './formats.ts'
import { createKeeper, type FileSource } from './keep.ts'
import { createLedger } from './ledger.ts'
import type { Material } from './store.ts'
import * as store from './store.ts'
import { isVideoPlatform } from './video-platforms.ts'

type Common = { sourceType: SourceType; externalId: string | null; replaces: string | null }

export type UrlSource = Common & { sourceUrl: string }

type Deps = {
  db: Pick<Database, 'forTenant'>
  objects: Pick<ObjectStore, 'put' | 'delete'>
  queue: Pick<Queue, 'add'>
  admission: Admission
  log: Log
  maxBytes: number
}

/** One upload's place among those that write at once: taken by the first step that needs it, before a byte of the body is read. */
export type Place = {
  /** Throws `upload.busy`. */
  take(): void
  leave(): void
}

/** Accepts materials: the row and the job that reads it are born in one transaction, after the bytes are safe. */
export function createUploads({ db, objects, queue, admission, log, maxBytes }: Deps) {
  const keeper = createKeeper({ objects, maxBytes })
  const ledger = createLedger({ db, objects, log })
  const accept = createAcceptance({ queue })

  async function addUrl(
    { tenantId }: Caller,
    courseId: string,
    { sourceType, sourceUrl, externalId, replaces }: UrlSource,
    settle: Settle<Material>,
  ): Promise<Material> {
    const wrong = refuseUrl(sourceUrl)
    if (wrong !== null) throw urlRefused(wrong)
    if (isVideoPlatform(sourceUrl)) throw videoPlatform()
    const file = { filename: null, contentType: null, sizeBytes: null, sha256: null, objectKey: null }
    const material = { id: newId(), courseId, sourceType, sourceUrl, externalId, replacesId: replaces, ...file }
    return db.forTenant(tenantId, (tx) => accept(tx, tenantId, material, settle))
  }

  function placeFor({ tenantId }: Caller): Place {
    let leave: Leave | undefined
    return {
      take: () => {
        leave ??= admission.enter(tenantId)
      },
      leave: () => leave?.(),
    }
  }

  /** What can be known of a form before it is read: its course is there, its file may fit, and it has a place. */
  async function expectForm({ tenantId }: Caller, courseId: string, leastSize: number, place: Place) {
    await db.forTenant(tenantId, async (tx) => {
      await requireCourse(tx, courseId)
      await requireRoom(tx, leastSize)
    })
    place.take()
  }

  async function addFile(
    { tenantId }: Caller,
    courseId: string,
    source: FileSource,
    place: Place,
    settle: Settle<Material>,
  ): Promise<Material> {
    const { filename, contentType, early } = source
    refuseType(filename, early.sourceType)
    const id = newId()
    const objectKey = `${tenantId}/${courseId}/${id}`
    const arrival = { id, tenantId, courseId, objectKey }
    const room = await db.forTenant(tenantId, async (tx) => {
      await requirePlace(tx, courseId, early)
      return ledger.open(tx, arrival, source, place.take)
    })
    const hold = ledger.hold(arrival)
    try {
      const signal = AbortSignal.any([source.signal, hold.signal])
      const { size: sizeBytes, sha256 } = await keeper.keep(objectKey, { ...source, signal }, room)
      const { sourceType, externalId = null, replaces = null } = await source.fields()
      if (sourceType === undefined) throw invalid('source_type', 'is required')
      refuseType(filename, sourceType)
      const file = { filename, contentType, sizeBytes, sha256, objectKey, sourceUrl: null }
      const material = { id, courseId, sourceType, externalId, replacesId: replaces, ...file }
      return await db.forTenant(tenantId, async (tx) => {
        await ledger.close(tx, arrival)
        return accept(tx, tenantId, material, settle)
      })
    } catch (error) {
      const landed = isOutage(error) ? await look(tenantId, id) : 'absent'
      if (typeof landed === 'object') return landed
      if (landed === 'absent') await ledger.abandon(arrival)
      throw error
    } finally {
      hold.stop()
      place.leave()
    }
  }

  async function digest(source: FileSource, place: Place): Promise<string> {
    place.take()
    return keeper.digest(source).finally(place.leave)
  }

  // A commit whose answer was lost may have happened: then its bytes are needed, and the material is accepted.
  async function look(tenantId: string, id: string): Promise<Material | 'absent' | 'unknown'> {
    try {
      return (await db.forTenant(tenantId, (tx) => store.findMaterial(tx, id))) ?? 'absent'
    } catch (error) {
      log.warn({ err: error, material_id: id }, 'it is not known whether a material was accepted; its bytes stay')
      return 'unknown'
    }
  }

  return { addUrl, placeFor, expectForm, addFile, digest }
}

function refuseType(filename: string, sourceType: SourceType | undefined) {
  if (!isUploadable(filename, sourceType)) throw materialUnsupportedType(extensionOf(filename), sourceType)
}

const isOutage = (error: unknown) => error instanceof Failure && error.kind === 'unavailable'
