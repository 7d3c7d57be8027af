import { createHash, randomUUID } from 'node:crypto'
import { DeleteObjectCommand, HeadObjectCommand, type S3Client } from '@aws-sdk/client-s3'
import { untilAborted, withGrace } from './abort.ts'
import type { PartBuffers } from './part-buffers.ts'
import { MAX_PARTS, partBytesFor } from './part-size.ts'
import { writeParts } from './part-writer.ts'
import { abortable, bare, isNoSuchUpload, type Multipart, type UploadRef } from './s3-multipart.ts'
import type { PartSender } from './s3-send.ts'
import type { ObjectStore, Part } from './store.ts'

type Deps = {
  client: S3Client
  bucket: string
  multipart: Multipart
  sender: PartSender
  buffers: PartBuffers
  attempts: number
  cleanupMs: number
}

/** What a put must know at each of its steps. `mark` is kept with the object and tells it from what other puts leave at its key. */
type Target = { key: string; contentType: string | undefined; mark: string; signal: AbortSignal | undefined }

type Committed = { etag: string; versionId: string | undefined }

/** The metadata field of the mark, on the wire `x-amz-meta-put-id`. */
const MARK = 'put-id'

/**
 * A body below one part is one request, a larger one a multipart upload. What was stored is compared with what was sent, and
 * whatever fails, a lost answer included, is undone.
 */
export function createS3Put(deps: Deps): ObjectStore['put'] {
  const { client, bucket, multipart, sender, buffers, attempts, cleanupMs } = deps

  return async (key, body, { maxBytes, contentType, signal }) => {
    const target: Target = { key, contentType, mark: randomUUID(), signal }
    const partBytes = partBytesFor(maxBytes)
    const hash = createHash('sha256')
    const parts: Part[] = []
    let creating: Promise<UploadRef> | undefined
    let committing = false
    let whole: Committed | undefined

    async function sendPart(bytes: Uint8Array, stop: AbortSignal): Promise<void> {
      creating ??= create(target)
      const upload = await untilAborted(creating, stop)
      parts.push(await sender.sendPart(upload, parts.length + 1, bytes, stop))
    }

    async function sendRest(bytes: Uint8Array, stop: AbortSignal): Promise<void> {
      if (creating) return bytes.byteLength > 0 ? sendPart(bytes, stop) : undefined
      committing = true
      whole = await sender.sendObject(key, bytes, { contentType, metadata: { [MARK]: target.mark }, signal: stop })
    }

    try {
      const limits = { maxBytes: Math.min(maxBytes, partBytes * MAX_PARTS), signal }
      const size = await writeParts(body, { ...limits, buffers, partBytes, hash, send: sendPart, sendRest })
      if (creating) {
        const upload = await creating
        await multipart.compare(upload, parts, signal)
        committing = true
        whole = await complete(target, upload, parts)
      }
      if (whole) await verify(target, size, whole)
      return { size, sha256: hash.digest('hex') }
    } catch (error) {
      await abandon(creating)
      if (committing) await removeOwn(target)
      signal?.throwIfAborted()
      throw error
    }
  }

  /** Not cut at once: an upload whose id is never learnt cannot be undone. */
  function create({ key, contentType, mark, signal }: Target): Promise<UploadRef> {
    return withGrace(signal, cleanupMs, (late) =>
      multipart.create(key, { contentType, metadata: { [MARK]: mark } }, late),
    )
  }

  async function complete({ key, mark, signal }: Target, upload: UploadRef, parts: Part[]): Promise<Committed> {
    try {
      return await multipart.complete(upload, parts, signal)
    } catch (error) {
      // An earlier attempt may have completed the upload and lost its answer.
      if (!isNoSuchUpload(error)) throw error
      const found = await look(key, undefined, signal)
      if (found.mark !== mark) throw error
      return found
    }
  }

  async function verify({ key, mark, signal }: Target, size: number, { etag, versionId }: Committed): Promise<void> {
    const found = await look(key, versionId, signal)
    // A later put to the same key has already replaced what this one stored.
    if (found.mark !== undefined && found.mark !== mark) return
    if (found.size !== size) throw new Error(`The store holds ${found.size} of ${size} bytes of ${key}.`)
    if (found.etag !== etag) throw new Error(`The store holds other bytes at ${key} than it confirmed.`)
  }

  async function look(key: string, versionId: string | undefined, signal: AbortSignal | undefined) {
    const head = await client.send(
      new HeadObjectCommand({ Bucket: bucket, Key: key, ...(versionId === undefined ? {} : { VersionId: versionId }) }),
      abortable(signal),
    )
    return { size: head.ContentLength, etag: bare(head.ETag), versionId: head.VersionId, mark: head.Metadata?.[MARK] }
  }

  async function abandon(creating: Promise<UploadRef> | undefined): Promise<void> {
    const upload = await creating?.catch(() => undefined)
    if (upload) await quietly((signal) => multipart.abort(upload, signal))
  }

  /**
   * A request whose answer was lost or refused may have stored the object all the same; in a bucket with versions, each of its
   * attempts may have left one.
   */
  async function removeOwn({ key, mark }: Target): Promise<void> {
    await quietly(async (signal) => {
      for (let version = 0; version < attempts; version += 1) {
        const found = await look(key, undefined, signal)
        if (found.mark !== mark) return
        const exact = found.versionId === undefined ? {} : { VersionId: found.versionId }
        await client.send(new DeleteObjectCommand({ Bucket: bucket, Key: key, ...exact }), { abortSignal: signal })
      }
    })
  }

  /** Undoing has a failure to tell already: its own would hide it. What it leaves behind belongs to a sweeper. */
  async function quietly(undo: (signal: AbortSignal) => Promise<unknown>): Promise<void> {
    await undo(AbortSignal.timeout(cleanupMs)).catch(() => {})
  }
}
